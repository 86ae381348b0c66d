"use strict";
// A time of a step, and a place in the drawing, bring the player of their call there. Without this script the times are links into the recording.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href*='#t=']");
  const drawing = event.target.closest("svg[data-scale]");
  const player = event.target.closest(".call")?.querySelector("audio");
  if (!player || !(link || drawing) || event.ctrlKey || event.metaKey || event.shiftKey) return;
  let seconds;
  if (link) {
    seconds = Number(link.hash.slice(3));
  } else {
    const place = new DOMPoint(event.clientX, event.clientY).matrixTransform(drawing.getScreenCTM().inverse());
    seconds = Math.max(0, (place.x - drawing.dataset.left) / drawing.dataset.scale);
  }
  event.preventDefault();
  player.currentTime = seconds;
  // What cannot be played is said by the player itself.
  player.play().catch(() => {});
});
// Media events do not bubble, but they can be caught on their way down.
document.addEventListener("play", (event) => {
  for (const other of document.querySelectorAll("audio")) if (other !== event.target) other.pause();
}, true);
document.addEventListener("timeupdate", (event) => {
  const drawing = event.target.closest(".call").querySelector("svg[data-scale]");
  const cursor = drawing?.querySelector(".cursor");
  if (!cursor) return;
  const x = Number(drawing.dataset.left) + event.target.currentTime * drawing.dataset.scale;
  cursor.setAttribute("x1", x);
  cursor.setAttribute("x2", x);
}, true);
const unfold = () => {
  const target = document.getElementById(location.hash.slice(1));
  for (let place = target?.closest("details"); place; place = place.parentElement?.closest("details")) place.open = true;
  target?.scrollIntoView();
};
addEventListener("hashchange", unfold);
unfold();
// A drawing wider than the page begins at what went wrong.
const seen = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    seen.unobserve(target);
    const place = target.querySelector(".wrong") ?? target.querySelector(".trouble");
    // What leads to a moment stands left of it, what happened in a step right of where it began.
    const share = place.matches(".wrong") ? 3 / 4 : 1 / 4;
    target.scrollLeft += place.getBoundingClientRect().left - target.getBoundingClientRect().left - target.clientWidth * share;
  }
});
for (const frame of document.querySelectorAll(".scroll:has(.trouble)")) seen.observe(frame);
