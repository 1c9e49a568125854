// What happens in the chat when something is clicked or typed.
//
// Gradio runs this once as the body of a function (element, trigger, server, …) for the evidence panel. It listens at
// the document, since transcript and list are redrawn under it. "ask", "halt", "show" and "everywhere" are Gradio's
// events; the calls of `server` (ui/tabs/chat.py) answer with HTML or text and redraw nothing.

if (window.fnListening) window.fnListening.abort();
window.fnListening = new AbortController();

const byId = (id) => document.getElementById(id);
const PARTS = [
  "fn-main", "fn-ask", "fn-find", "fn-conversations", "fn-scroll", "fn-transcript", "fn-growing", "fn-panel-body",
];
let words = {};
const state = { answer: null, cited: [], at: -1, opener: null, again: "", asked: "", turn: 0, top: 0, ended: null, sent: false };

const listen = (target, name, handle, options) =>
  target.addEventListener(name, handle, { signal: window.fnListening.signal, ...options });

const isBusy = () => state.sent || Boolean(document.querySelector("#fn-growing [data-busy]"));
// Gradio confines the style of a page to what is in it, so what is in force is said there and not at the body.
const main = () => byId("fn-main");
const isOpen = () => main().classList.contains("fn-has-evidence");

function say(text) {
  const line = byId("fn-said");
  line.textContent = text;
  clearTimeout(say.timer);
  say.timer = setTimeout(() => (line.textContent = ""), 6000);
}

// Calls the server; what fails there on purpose comes as {error}.
async function call(name, sent) {
  let answer;
  try {
    answer = await server[name](sent);
  } catch (error) {
    answer = { error: words.unreached };
  }
  if (answer && answer.error) {
    say(answer.error);
    return null;
  }
  return answer;
}

// --- Which conversation this is: kept for this tab, and for the next visit. ---

const shown = () => document.querySelector("#fn-transcript .fn-conversation")?.dataset.conversation;
const conversation = () => shown() ?? kept();

function kept() {
  return sessionStorage.getItem("fn-conversation") ?? localStorage.getItem("fn-conversation") ?? "";
}

function keep(id) {
  sessionStorage.setItem("fn-conversation", id);
  localStorage.setItem("fn-conversation", id);
}

function show(id) {
  keep(id);
  closeEvidence();
  stopEditing();
  showList(false);
  end("show", id);
  state.jump = true;
}

async function list() {
  const html = await call("listed", { search: byId("fn-find").value, conversation: conversation() });
  if (html !== null) byId("fn-conversations").innerHTML = html;
}

function showList(wanted) {
  main().classList.toggle("fn-has-list", wanted);
  byId("fn-show-list")?.setAttribute("aria-expanded", String(wanted));
}

// --- Asking. ---

function ask(sent) {
  if (isBusy()) return;
  state.asked = sent.question || "";
  state.follow = true;
  state.ended = null;
  state.sent = true; // until the first picture comes, others may be before it
  main().classList.add("fn-is-busy");
  byId("fn-said").textContent = "";
  trigger("ask", { conversation: kept(), ...sent });
}

function askTyped() {
  const field = byId("fn-question");
  const question = field.value.trim();
  if (!question || isBusy()) return;
  ask(state.again ? { question, again: state.again } : { question });
  field.value = "";
  stopEditing();
}

function halt() {
  if (!isBusy()) return;
  end("halt", kept());
  const field = byId("fn-question");
  if (!field.value) field.value = state.asked;
  field.focus();
}

// Ends an answer that grows. A picture of it, or of another conversation, may be on its way and come after what ended
// it: then this is done again.
function end(name, id) {
  state.ended = { name, id };
  state.sent = false;
  trigger(name, { conversation: id });
  checkEnd();
}

function checkEnd() {
  clearTimeout(checkEnd.timer);
  checkEnd.timer = setTimeout(() => {
    if (state.ended && (isBusy() || isLate())) end(state.ended.name, state.ended.id);
  }, 500);
}

const isLate = () => Boolean(shown()) && shown() !== state.ended.id;

function startEditing(section) {
  const field = byId("fn-question");
  state.again = section.dataset.key;
  field.value = section.dataset.asked;
  byId("fn-editing").hidden = false;
  field.focus();
}

function stopEditing() {
  state.again = "";
  byId("fn-editing").hidden = true;
}

// --- The evidence on the right. ---

// The places an answer cites, each once, in the order of their numbers.
function places(article) {
  const seen = new Map();
  for (const marker of article.querySelectorAll(".fn-marker")) {
    const key = [marker.dataset.doc, marker.dataset.start, marker.dataset.end].join(":");
    if (!seen.has(key)) seen.set(key, marker);
  }
  return [...seen.values()];
}

const isSame = (one, other) => ["doc", "start", "end"].every((name) => one.dataset[name] === other.dataset[name]);

async function openPlace(place) {
  if (place.matches(".fn-marker:hover")) hush(place.parentElement, "pointerleave"); // its card would lie over the panel
  const article = place.closest(".fn-answer, .fn-exchange");
  if (article) {
    state.answer = article;
    state.cited = places(article);
  } else if (!place.closest("#fn-main")) { // of the library, which has no panel
    state.answer = null;
    state.cited = [];
    byId("fn-tab-chat-button")?.click();
  }
  state.at = state.cited.findIndex((marker) => isSame(marker, place));
  const section = place.closest(".fn-exchange") ?? state.answer?.closest(".fn-exchange");
  const { doc, start, end } = place.dataset;
  await fillPanel(place, words.evidence, () =>
    call("document", { doc, start, end, conversation: conversation(), key: section?.dataset.key ?? "" }));
}

async function openTimeline(section, opener) {
  state.answer = section;
  state.cited = places(section);
  state.at = -1;
  await fillPanel(opener, words.timeline, () =>
    call("axis", { conversation: conversation(), key: section.dataset.key }));
}

async function fillPanel(opener, title, load) {
  const turn = ++state.turn; // of two clicks in a row the later one counts
  if (!isOpen()) state.opener = opener;
  const html = await load();
  if (html === null || turn !== state.turn) return;
  const body = byId("fn-panel-body");
  body.innerHTML = html;
  byId("fn-panel-title").textContent = title;
  main().classList.add("fn-has-evidence");
  byId("fn-close").hidden = false;
  showCount();
  markOpen();
  byId("fn-panel").focus({ preventScroll: true });
  const mark = body.querySelector("#fn-mark");
  if (!mark) {
    body.scrollTop = 0;
    return;
  }
  const above = mark.getBoundingClientRect().top - body.getBoundingClientRect().top;
  const head = body.querySelector(".fn-document-head")?.offsetHeight ?? 0; // stays at the top
  body.scrollTop += above - Math.max(head + 16, (body.clientHeight - mark.offsetHeight) / 3);
}

function showCount() {
  const many = state.cited.length > 1;
  byId("fn-previous").hidden = byId("fn-next").hidden = !many;
  const text = words.citation.replace("{}", state.at + 1).replace("{}", state.cited.length);
  byId("fn-count").textContent = many && state.at >= 0 ? text : "";
}

function markOpen() {
  for (const marker of document.querySelectorAll(".fn-marker[aria-current], .fn-source[aria-current]"))
    marker.removeAttribute("aria-current");
  const current = state.cited[state.at];
  if (!current || !state.answer) return;
  for (const marker of state.answer.querySelectorAll(".fn-marker, .fn-source"))
    if (isSame(marker, current)) marker.setAttribute("aria-current", "true");
}

function step(by) {
  const n = state.cited.length;
  if (n) openPlace(state.cited[state.at < 0 ? (by > 0 ? 0 : n - 1) : (state.at + by + n) % n]);
}

function closeEvidence() {
  if (!isOpen()) return;
  main().classList.remove("fn-has-evidence");
  state.at = -1;
  state.turn++;
  markOpen();
  byId("fn-panel-body").innerHTML = state.hint;
  byId("fn-panel-title").textContent = words.evidence;
  for (const id of ["fn-close", "fn-previous", "fn-next"]) byId(id).hidden = true;
  byId("fn-count").textContent = "";
  if (!state.opener?.isConnected) return;
  hush(state.opener.parentElement, "focusout");
  state.opener.focus({ preventScroll: true });
}

// Keeps the card of a marker shut until the pointer or the focus has left it.
function hush(around, until) {
  around.classList.add("fn-hush");
  around.addEventListener(until, () => around.classList.remove("fn-hush"), { once: true });
}

// --- Small windows that ask. ---

// Resolves to what was typed or chosen, null where it was cancelled.
function inquire(text, { value, rows, choices } = {}) {
  const dialog = document.createElement("dialog");
  dialog.className = "fn-dialog";
  const form = dialog.appendChild(document.createElement("form"));
  form.method = "dialog";
  const label = form.appendChild(document.createElement("label"));
  label.textContent = text;
  let field = null;
  if (value !== undefined) {
    field = label.appendChild(document.createElement(rows ? "textarea" : "input"));
    field.value = value;
    if (rows) field.rows = rows;
    field.maxLength = rows ? 10000 : 200;
  }
  const buttons = form.appendChild(document.createElement("p"));
  for (const [name, shown] of choices ?? [["cancel", words.cancel], ["ok", words.ok]]) {
    const button = buttons.appendChild(document.createElement("button"));
    button.value = name;
    button.textContent = shown;
    if (name === "cancel") button.type = "button", (button.onclick = () => dialog.close("cancel"));
  }
  main().append(dialog);
  dialog.showModal();
  field?.focus();
  return new Promise((resolve) =>
    dialog.addEventListener("close", () => {
      dialog.remove();
      const done = dialog.returnValue && dialog.returnValue !== "cancel";
      resolve(done ? (field ? field.value : dialog.returnValue) : null);
    }));
}

async function save(sent) {
  const file = await call("saved", sent);
  if (!file) return;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([file.text], { type: file.type }));
  link.download = file.name;
  link.click();
  URL.revokeObjectURL(link.href);
}

async function manage(item, what) {
  const id = item.dataset.conversation;
  if (what === "rename") {
    const title = await inquire(words.rename, { value: item.querySelector(".fn-title").textContent });
    if (title === null || (await call("rename", { conversation: id, title })) === null) return;
  } else if (what === "delete") {
    if (!(await inquire(words.delete))) return;
    if ((await call("delete", { conversation: id })) === null) return;
    if (id === conversation()) show("");
  } else {
    await save({ conversation: id, form: what });
  }
  list();
}

async function copy(section) {
  const text = await call("copied", { conversation: conversation(), key: section.dataset.key });
  if (text === null) return;
  try {
    await navigator.clipboard.writeText(text);
    say(words.copied);
  } catch (error) {
    say(words.uncopied);
  }
}

async function remark(section, button, kind) {
  const asks = kind !== "up" && kind !== "down";
  const note = asks ? await inquire(words.note, { value: "", rows: 4 }) : "";
  if (note === null || (await call("remark", { key: section.dataset.key, kind, note })) === null) return;
  button.setAttribute("aria-pressed", "true");
  say(words.kept);
}

async function act(section, button) {
  const what = button.dataset.action;
  if (what === "copy") await copy(section);
  else if (what === "regenerate") ask({ again: section.dataset.key });
  else if (what === "edit") startEditing(section);
  else if (what === "timeline") await openTimeline(section, button);
  else if (what === "export") {
    const choices = [["markdown", "Markdown"], ["html", "HTML"], ["json", "JSON"], ["cancel", words.cancel]];
    const form = await inquire(words.export, { choices });
    if (form) await save({ conversation: conversation(), key: section.dataset.key, form });
  } else await remark(section, button, what);
}

// --- Listening. ---

listen(document, "click", (event) => {
  const on = (selector) => event.target.closest?.(selector);
  let found;
  if ((found = on(":is(.fn-marker, .fn-source)[data-doc]"))) openPlace(found);
  else if ((found = on(".fn-chip"))) {
    const section = found.closest(".fn-exchange");
    ask({ again: section.dataset.key, drop: found.dataset.drop, value: found.dataset.value ?? "" });
  } else if ((found = on(".fn-action"))) act(found.closest(".fn-exchange"), found);
  else if ((found = on(".fn-example"))) ask({ question: found.dataset.question });
  else if (on("[data-new]")) show(""), byId("fn-question").focus();
  else if ((found = on(".fn-menu [data-do]"))) {
    found.closest("details").open = false;
    manage(found.closest(".fn-item"), found.dataset.do);
  } else if ((found = on(".fn-open"))) show(found.closest(".fn-item").dataset.conversation);
  else if (on("#fn-show-list")) showList(!main()?.classList.contains("fn-has-list"));
  else if (on("#fn-stop")) halt();
  else if (on("#fn-unedit")) stopEditing(), (byId("fn-question").value = "");
  else if (on("#fn-previous")) step(-1);
  else if (on("#fn-next")) step(1);
  else if (on("#fn-close")) closeEvidence();
  else if (on("#fn-everywhere")) {
    // The library tab shows the choice as well, and takes it back itself where it is on the page.
    const reset = byId("fn-within-reset");
    if (reset) reset.click();
    else trigger("everywhere", {});
  }
  else if (main()?.classList.contains("fn-has-list") && !on("#fn-left")) showList(false);
  for (const menu of document.querySelectorAll(".fn-menu[open]"))
    if (!menu.contains(event.target)) menu.open = false;
});

listen(document, "submit", (event) => {
  if (event.target.id !== "fn-ask") return;
  event.preventDefault();
  askTyped();
});

listen(document, "keydown", (event) => {
  const inField = event.target.closest?.("input, textarea, select, [contenteditable]");
  // Enter that ends the choice of a Chinese character is no Enter of a question.
  if (event.target.id === "fn-question" && event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    askTyped();
  } else if (event.key === "Escape" && !event.isComposing && !event.target.closest?.("dialog")) {
    if (main()?.classList.contains("fn-has-list")) showList(false);
    else if (isBusy()) halt();
    else closeEvidence();
  } else if (isOpen() && !inField && !event.altKey && !event.ctrlKey && !event.metaKey) {
    if (event.key === "ArrowRight") event.preventDefault(), step(1);
    else if (event.key === "ArrowLeft") event.preventDefault(), step(-1);
  }
});

listen(document, "input", (event) => {
  if (event.target.id === "fn-find") {
    clearTimeout(list.timer);
    list.timer = setTimeout(list, 150);
  }
});

function wearTheme() {
  const wanted = localStorage.getItem("fn-theme") || "system";
  const isDark = wanted === "dark" || (wanted === "system" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.body.classList.toggle("dark", isDark);
  document.documentElement.style.colorScheme = isDark ? "dark" : "light";
}
listen(document, "fn-theme", wearTheme);
listen(matchMedia("(prefers-color-scheme: dark)"), "change", wearTheme);

// A question goes to the top and its answer grows below it: nothing moves while it is read.
function settle() {
  state.sent = false;
  const busy = isBusy();
  const scroll = byId("fn-scroll");
  main().classList.toggle("fn-is-busy", busy);
  if (state.ended && (busy || isLate())) checkEnd();
  if (busy && state.follow) {
    state.follow = false;
    scroll.scrollTop += topOf(growing());
  } else if (settle.busy && !busy) {
    const last = document.querySelector("#fn-scroll .fn-exchange:last-child");
    if (document.querySelector("#fn-growing .fn-stopped")) scroll.scrollTop = scroll.scrollHeight;
    else if (last) scroll.scrollTop += topOf(last) - state.top;
  }
  remember();
  const id = shown();
  if (id !== undefined && id !== kept() && !(state.ended && isLate())) keep(id);
  if (settle.busy !== busy || settle.id !== id) list();
  if (state.jump && id !== undefined) {
    state.jump = false;
    scroll.scrollTop = scroll.scrollHeight;
  }
  settle.busy = busy;
  settle.id = id;
}

const growing = () => document.querySelector("#fn-growing .fn-exchange");
const topOf = (section) => section.getBoundingClientRect().top - byId("fn-scroll").getBoundingClientRect().top;

function remember() {
  if (growing()) state.top = topOf(growing());
}

function begin() {
  const wanted = new URLSearchParams(location.search).get("ask");
  words = JSON.parse(byId("fn-ask").dataset.words);
  document.documentElement.lang = words.language; // Gradio sets that of the browser
  state.hint = byId("fn-panel-body").innerHTML;
  wearTheme();
  for (const id of ["fn-transcript", "fn-growing"])
    new MutationObserver(settle).observe(byId(id), { childList: true, subtree: true });
  listen(byId("fn-scroll"), "scroll", remember, { passive: true });
  if (wanted !== null) {
    history.replaceState(null, "", location.pathname);
    byId("fn-question").value = wanted; // asked only when a person says so: anybody can make a link
  }
  show(wanted === null ? kept() : "");
  byId("fn-question").focus({ preventScroll: true });
}

// The parts of the page come in no certain order.
function whenThere(then) {
  if (PARTS.every(byId)) return then();
  const watch = new MutationObserver(() => {
    if (!PARTS.every(byId)) return;
    watch.disconnect();
    then();
  });
  watch.observe(document.body, { childList: true, subtree: true });
}
whenThere(begin);
