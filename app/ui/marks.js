// A mark in an answer presses the button of its citation: the link beneath it loads the page anew, and a question that is
// typed but not sent would be lost. Where there is no such button, the link is followed.
if (!window.premiseMarks) {
  window.premiseMarks = true;
  document.addEventListener("click", (event) => {
    const chosen = event.target.closest('[class*="st-key-open_"] button, .st-key-new_chat button');
    if (chosen && window.innerWidth <= 768) {
      // on a narrow screen the list of conversations lies over the one that was chosen
      document.querySelector('[data-testid="stSidebarCollapseButton"] button')?.click();
      return;
    }
    const mark = event.target.closest("sup.cite a");
    if (!mark || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const named = CSS.escape((new URL(mark.href).searchParams.get("cite") || "").replace(".", "_"));
    const button = document.querySelector(`.st-key-cite_${named} button, .st-key-mark_${named} button`);
    if (!button) return;
    event.preventDefault();
    button.click();
  });
  // The last question stands at the top while its answer comes and when it is there, as far as the page reaches: left to
  // itself the page shows where an answer ends. Who moves it is left where they are, until they ask again.
  let asked = 0, held = false, waits = false;
  const hold = () => {
    waits = false;
    const questions = document.querySelectorAll(".question");
    if (questions.length > asked) held = questions.length === asked + 1;  // more at once: a conversation was opened
    asked = questions.length;
    const page = held && asked && questions[asked - 1].closest('[data-testid="stAppScrollToBottomContainer"]');
    if (!page) return;
    const message = questions[asked - 1].closest('[data-testid="stChatMessage"]');
    const above = message.getBoundingClientRect().top - page.getBoundingClientRect().top - 64;  // 64: below the head
    const far = above > 0 ? Math.min(above, page.scrollHeight - page.clientHeight - page.scrollTop) : -above;
    if (far < 2) return;
    page.dispatchEvent(new WheelEvent("wheel"));  // ends Streamlit's way to the end of the page
    page.scrollTop += above;
  };
  new MutationObserver(() => {
    if (!waits) requestAnimationFrame(hold);
    waits = true;
  }).observe(document.body, { childList: true, subtree: true });
  const leave = (event) => { held &&= !event.isTrusted || event.target.closest?.('[data-testid="stChatInput"]') != null; };
  document.addEventListener("scroll", () => held && hold(), { passive: true, capture: true });
  for (const moved of ["wheel", "touchmove", "pointerdown", "keydown"]) {
    document.addEventListener(moved, leave, { passive: true, capture: true });
  }
}
