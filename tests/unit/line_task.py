"""A training that takes no time: a line through points, by the same trainer as all others."""

import torch


class Line:
    """Fit y = 3 x + 1; see `quasar_index.learning.Task`."""

    name = "line"
    images_per_epoch = 16
    steps_per_epoch = 4

    def __init__(self, *, seed=0, n_epochs=3, rate=0.1, aside=True, on_batch=lambda epoch, step: None):
        self.seed, self.n_epochs, self.rate, self.aside, self.on_batch = seed, n_epochs, rate, aside, on_batch

    def settings(self):
        return {"encoder": self.name, "seed": self.seed, "epochs": self.n_epochs, "rate": self.rate, "data": "points"}

    def network(self):
        with torch.random.fork_rng():
            torch.manual_seed(self.seed)
            # Dropout draws from torch's own random numbers: a run that goes on must go on with those, too.
            return torch.nn.Sequential(torch.nn.Linear(1, 8), torch.nn.Dropout(0.2), torch.nn.Linear(8, 1))

    def optimiser(self, network):
        return torch.optim.AdamW(network.parameters(), lr=self.rate)

    def schedule(self, optimiser):
        return torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, T_max=self.n_epochs * self.steps_per_epoch)

    def batch(self, epoch, step):
        self.on_batch(epoch, step)
        x = torch.linspace(-1, 1, 4)[:, None] + (epoch * self.steps_per_epoch + step) / 50
        return {"x": x, "y": 3 * x + 1}

    def held_out(self):
        return [self.batch(0, 0)] if self.aside else ()

    def loss(self, network, batch):
        return (network(batch["x"]).float() - batch["y"]).square().mean()

    def result(self, network):
        return dict(network.state_dict())

    def about(self):
        return {"What this is": "A line."}
