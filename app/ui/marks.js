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
}
