"""How fast it is and how much memory it takes, as ratios to peers and limits on the same work in the same run."""
