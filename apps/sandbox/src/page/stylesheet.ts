export const stylesheet = `
:root {
  color-scheme: light dark;
  --ground: light-dark(#f6f6f4, #16181b);
  --card: light-dark(#ffffff, #1f2226);
  --line: light-dark(#dcdcd6, #34383e);
  --text: light-dark(#1c1e21, #e6e7e9);
  --quiet: light-dark(#5f646b, #9aa0a8);
  --accent: light-dark(#0b57d0, #8ab4f8);
  --alarm: light-dark(#8a1c1c, #ffb4a9);
  --alarm-ground: light-dark(#fdecea, #3a1f1d);
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text); font: 16px/1.5 system-ui, sans-serif; }
a { color: var(--accent); text-decoration: none; }
a:hover, a:focus-visible { text-decoration: underline; }
header, main { max-width: 72rem; margin: 0 auto; padding: 1rem; }
header { display: flex; flex-wrap: wrap; gap: 0.5rem 1.5rem; align-items: baseline; border-bottom: 1px solid var(--line); }
h1 { font-size: 1.2rem; margin: 0; }
h2 { font-size: 1rem; margin: 0 0 0.5rem; }
small, .quiet { color: var(--quiet); font-size: 0.85rem; }
.columns { display: grid; grid-template-columns: minmax(11rem, 15rem) minmax(0, 1fr); gap: 1.5rem; }
nav ul, ol, .faults { list-style: none; margin: 0; padding: 0; }
nav h2 { margin-top: 1rem; }
nav li { display: flex; justify-content: space-between; gap: 0.5rem; padding: 0.1rem 0; }
nav li a { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
nav [aria-current] { font-weight: 600; }
article, .card { background: var(--card); border: 1px solid var(--line); border-radius: 0.6rem; padding: 0.75rem 1rem; margin: 0 0 0.75rem; }
article p { margin: 0.35rem 0; white-space: pre-wrap; overflow-wrap: anywhere; }
article footer { display: flex; flex-wrap: wrap; gap: 0 1rem; }
.faults li { background: var(--alarm-ground); color: var(--alarm); border-radius: 0.6rem; padding: 0.4rem 0.8rem; margin-bottom: 0.5rem; }
.narrow { max-width: 34rem; margin: 2rem auto; padding: 0 1rem; }
form { display: flex; flex-wrap: wrap; gap: 0.5rem; margin-top: 1rem; }
input, button { font: inherit; padding: 0.4rem 0.7rem; border-radius: 0.4rem; border: 1px solid var(--line); background: var(--card); color: inherit; }
button { background: var(--accent); color: var(--ground); border-color: transparent; cursor: pointer; }
@media (max-width: 44rem) { .columns { grid-template-columns: minmax(0, 1fr); } }
`;
