// Photographs that are fetched before they are asked for, so that the next one stands there at once.

const KEPT = 12;
const kept = new Map(); // address -> img element, oldest first

/** An <img> element of a photograph, decoded or on its way; the same element each time, so in one place at a time. */
export function picture(id, side = 1600) {
  const address = `/photo/${id}?side=${side}`;
  let image = kept.get(address);
  if (image && !image.failed) {
    kept.delete(address);
    kept.set(address, image);
    return image;
  }
  image = new Image();
  image.decoding = "async";
  image.alt = "";
  image.draggable = false;
  image.src = address;
  image.ready = image.decode().then(
    () => (image.done = true),
    () => (image.failed = true),
  );
  kept.set(address, image);
  for (const [old, one] of kept) {
    if (kept.size <= KEPT) break;
    if (!one.isConnected) kept.delete(old);
  }
  return image;
}

export const isKept = (id, side = 1600) => Boolean(kept.get(`/photo/${id}?side=${side}`)?.done);
export const thumb = (id) => `/thumb/${id}`;
