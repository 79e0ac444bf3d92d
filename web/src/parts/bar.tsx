import { post } from "../api";
import { complain, loadMe, me, route, showKeys, theme } from "../state";
import { S } from "../strings";

async function leave() {
  try {
    await post("leave");
    location.hash = "/";
    await loadMe();
  } catch (error) {
    complain(error);
  }
}

export function Bar() {
  const at = route.value;
  const link = (to: string, text: string, here: boolean) => (
    <a href={`#${to}`} aria-current={here ? "page" : undefined}>{text}</a>
  );
  return (
    <header class="bar">
      <span class="mark" aria-hidden="true"><i /><i /><i /></span>
      <strong class="study" title={me.value?.study}>{me.value?.study}</strong>
      <nav aria-label={S.pages}>
        {link("/", S.sessions, at === "/" || at.startsWith("/session"))}
        {link("/agreement", S.agreement, at.startsWith("/agreement"))}
        {link("/theory", S.theoryNav, at.startsWith("/theory"))}
        {me.value?.role === "lead" && link("/people", S.peopleNav, at.startsWith("/people"))}
        {link("/log", S.log, at.startsWith("/log"))}
      </nav>
      <span class="gap" />
      <span class="who-am-i">{me.value?.coder}</span>
      <button class="plain" onClick={leave}>{S.leave}</button>
      <button class="plain" onClick={() => (theme.value = theme.value === "dark" ? "light" : "dark")}>
        {theme.value === "dark" ? S.light : S.dark}
      </button>
      <button class="plain" onClick={() => (showKeys.value = true)}>{S.help} <kbd>?</kbd></button>
    </header>
  );
}
