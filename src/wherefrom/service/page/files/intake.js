// The images that a person gives: picked, dropped, pasted, or all that lie in a folder.

const IMAGE_NAME = /\.(avif|bmp|gif|heic|heif|jfif|jpe?g|jxl|png|tiff?|webp)$/i;

/** Whether a file of a folder is to be asked about: one that was named by itself always is. */
function looksLikeImage(name, type) {
  return !name.split("/").pop().startsWith(".") && (type.startsWith("image/") || IMAGE_NAME.test(name));
}

/** Files that were picked in a dialog, with their path in the folder where one was picked. */
export function picked(list) {
  const files = [...list].map((file) => ({file, name: file.webkitRelativePath || file.name}));
  return files.filter(({file, name}) => !file.webkitRelativePath || looksLikeImage(name, file.type));
}

/** Files of a paste; a picture that has no file's name is named by when it came. */
export function pasted(clipboard) {
  return [...clipboard.files].map(
    (file, index) => ({
      file,
      name: file.name && file.name !== "image.png" ?
        file.name :
        `pasted-${new Date().toISOString().slice(11, 19).replaceAll(":", "")}-${index + 1}.png`,
    })
  );
}

/** Files that were dropped, with all that lie in dropped folders. */
export async function dropped(transfer) {
  // The list is gone after the first wait, so everything is taken from it at once.
  const items = [...transfer.items].filter((item) => item.kind === "file");
  const entries = items.map((item) => item.webkitGetAsEntry?.() ?? item.getAsFile());
  const found = [];
  for (const entry of entries) {
    if (entry instanceof File)
      found.push({file: entry, name: entry.name});
    else if (entry)
      await walk(entry, found, false);
  }
  return found;
}

async function walk(entry, found, inFolder) {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    const name = entry.fullPath.replace(/^\//, "");
    if (!inFolder || looksLikeImage(name, file.type)) found.push({file, name});
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    const part = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (part.length === 0) return;
    for (const child of part) await walk(child, found, true);
  }
}

/** What was chosen so far, each file once. */
export class Chosen {
  constructor() {
    this.images = [];
  }

  add(images) {
    const known = new Set(this.images.map(identity));
    for (const image of images) {
      if (known.has(identity(image))) continue;
      known.add(identity(image));
      this.images.push(image);
    }
  }

  remove(image) {
    this.images = this.images.filter((one) => one !== image);
  }

  /** Requests of at most so many images and bytes, in order; an image that is too large is alone in one. */
  requests({images, bytes, largest}) {
    const requests = [];
    let room = 0;
    for (const image of this.images) {
      const {size} = image.file;
      const last = requests.at(-1);
      if (last && last.length < images && size <= Math.min(room, largest)) {
        last.push(image);
        room -= size;
      } else {
        requests.push([image]);
        room = size > largest ? -1 : bytes - size;
      }
    }
    return requests;
  }
}

function identity({file, name}) {
  return `${name}\n${file.size}\n${file.lastModified}`;
}
