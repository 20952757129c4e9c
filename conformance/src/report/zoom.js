"use strict";
/* The pixel zoom: point at a picture, or move with the arrow keys, and see the pixels around in every picture, and the
   channels of the one in the middle. Pictures are opaque, so that a canvas gives back what was stored. */
const REACH = 5, SIZE = 2 * REACH + 1;

const element = (name, attributes, ...children) => {
  const made = Object.assign(document.createElement(name), attributes);
  made.append(...children);
  return made;
};

const pixels = (image) => {
  const canvas = element("canvas", { width: image.naturalWidth, height: image.naturalHeight });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  return (x, y) => data.subarray(4 * (y * canvas.width + x), 4 * (y * canvas.width + x) + 3);
};

const zoom = (pictures) => {
  const images = new Map([...pictures.querySelectorAll("img")].map((image) => [image.dataset.kind, image]));
  const { naturalWidth: width, naturalHeight: height } = images.get("expected");
  const read = new Map([...images].map(([kind, image]) => [kind, pixels(image)]));
  const channels = (kind, x, y) => {
    const alpha = read.get(kind + "-alpha");
    return [...read.get(kind)(x, y), alpha ? alpha(x, y)[0] : 255];
  };

  const lenses = ["expected", "actual", "difference"].map((kind) => {
    const canvas = element("canvas", { width: SIZE, height: SIZE });
    const frame = element("div", { className: "frame" }, canvas, element("span", { className: "mark" }));
    return { kind, context: canvas.getContext("2d"), figure: element("figure", {}, frame, element("figcaption", {}, kind)) };
  });
  const caption = element("caption", { ariaLive: "polite" });
  const cells = ["red", "green", "blue", "alpha"].map((name) => ({ name, cells: [0, 1, 2].map(() => element("td")) }));
  const row = ({ name, cells }) => element("tr", {}, element("th", { scope: "row", textContent: name }), ...cells);
  const heads = ["expected", "actual", "difference"].map((name) => element("th", { scope: "col", textContent: name }));
  const table = element("table", { className: "numbers narrow" }, caption,
    element("thead", {}, element("tr", {}, element("td"), ...heads)), element("tbody", {}, ...cells.map(row)));
  pictures.after(element("div", { className: "zoom" }, ...lenses.map((lens) => lens.figure), table));
  pictures.classList.add("zoomable");

  let [x, y] = pictures.dataset.first.split(",").map(Number);
  const show = (column, line) => {
    x = Math.min(Math.max(column, 0), width - 1);
    y = Math.min(Math.max(line, 0), height - 1);
    for (const { kind, context } of lenses) {
      context.clearRect(0, 0, SIZE, SIZE);
      context.drawImage(images.get(kind), REACH - x, REACH - y);
    }
    caption.textContent = `Pixel: column ${x + Number(pictures.dataset.x)}, row ${y + Number(pictures.dataset.y)}`;
    const expected = channels("expected", x, y), actual = channels("actual", x, y);
    cells.forEach(({ cells }, i) => {
      [expected[i], actual[i], Math.abs(expected[i] - actual[i])].forEach((value, j) => { cells[j].textContent = value; });
    });
  };
  for (const frame of pictures.querySelectorAll(".frame")) {
    const point = (event) => {
      const box = frame.querySelector("img").getBoundingClientRect();
      show(Math.floor((event.clientX - box.left) / box.width * width), Math.floor((event.clientY - box.top) / box.height * height));
    };
    frame.tabIndex = 0;
    frame.addEventListener("pointermove", point);
    frame.addEventListener("pointerdown", point);
    frame.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
      if (step) {
        event.preventDefault();
        show(x + step[0], y + step[1]);
      }
    });
  }
  show(x, y);
};

addEventListener("load", () => document.querySelectorAll(".pictures").forEach(zoom));
