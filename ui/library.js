// The list of the Library tab: its boxes and buttons become events of Gradio.
// A box that is ticked is told with all others of the page, so that no tick is lost where one event overtakes another.
const boxes = () => [...element.querySelectorAll('input[data-library="choose"]')];
const all = () => element.querySelector('input[data-library="page"]');
const sum = () => { if (all()) all().checked = boxes().every((box) => box.checked); };
const settle = () => { boxes().forEach((box) => { box.checked = box.hasAttribute('checked'); }); sum(); };
element.addEventListener('change', (event) => {
  if (event.target === all()) boxes().forEach((box) => { box.checked = event.target.checked; });
  sum();
  const ids = (some) => some.map((box) => box.dataset.doc);
  trigger('choose', { shown: ids(boxes()), chosen: ids(boxes().filter((box) => box.checked)) });
});
element.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-library]');
  if (!button) return;
  trigger(button.dataset.library === 'remove' ? 'remove_one' : 'reread_one', { doc: button.dataset.doc });
});
watch('value', settle);
settle();
