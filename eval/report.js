// Show the questions of one kind that hold all the words; without this script the page shows them all.
const questions = [...document.querySelectorAll(".question")];
const texts = questions.map((one) =>
  [...one.querySelectorAll("[data-find]")].map((part) => part.textContent).join(" ").toLowerCase());
const buttons = [...document.querySelectorAll("#filter button")];
const words = document.getElementById("words");
let kind = "";

function sift() {
  const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
  questions.forEach((one, at) => {
    const fits = !kind || one.dataset.kinds.split(" ").includes(kind);
    one.hidden = !(fits && wanted.every((word) => texts[at].includes(word)));
  });
  const shown = questions.filter((one) => !one.hidden).length;
  document.getElementById("count").textContent = `${shown} of ${questions.length}`;
}

buttons.forEach((button) => button.addEventListener("click", () => {
  kind = button.dataset.kind;
  buttons.forEach((other) => other.setAttribute("aria-pressed", String(other === button)));
  sift();
}));
words.addEventListener("input", sift);
document.getElementById("filter").hidden = false;
sift();
