// Photographs that are fetched before they are asked for, so that the next one stands there at once.

let run = "";

/** Name the start of the server: under another one ids are other photographs. */
export function serving(name) {
  run = name ? `run=${encodeURIComponent(name)}` : "";
}

const KEPT = 12;
const kept = new Map(); // address -> img element, oldest first

/** An <img> element of a photograph, decoded or on its way; the same element each time, so in one place at a time. */
export function picture(id, side = 1600) {
  const address = photo(id, side);
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

/** Address of a photograph, its longer side of so many pixels. */
export const photo = (id, side = 1600) => `/photo/${id}?side=${side}${run && `&${run}`}`;
export const isKept = (id, side = 1600) => Boolean(kept.get(photo(id, side))?.done);
export const thumb = (id) => `/thumb/${id}${run && `?${run}`}`;
