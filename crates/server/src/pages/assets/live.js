
// A part of a form that follows its fields: the server answers what the button "Preview" would show.
for (const form of document.querySelectorAll("form[data-live]")) {
  const part = document.getElementById(form.dataset.live);
  let timer, asked = 0;
  const ask = async () => {
    const mine = ++asked;
    const fields = new URLSearchParams(new FormData(form));
    fields.set("step", "live");
    try {
      const answer = await fetch(form.action, { method: "POST", body: fields });
      const type = answer.headers.get("Content-Type") || "";
      // An answer that is overtaken by a later question, or comes from another page, is none.
      if (answer.ok && !answer.redirected && type.startsWith("text/html") && mine === asked) part.innerHTML = await answer.text();
    } catch {
      // Away for a moment: the next change asks again, and the last button checks what was seen.
    }
  };
  const later = (event) => {
    if (event.target.type === "search") return;
    clearTimeout(timer);
    timer = setTimeout(ask, 300);
  };
  form.addEventListener("input", later);
  for (const button of form.querySelectorAll("[data-without-script]")) button.hidden = true;
  for (const button of form.querySelectorAll("[data-tick]")) {
    button.addEventListener("click", (event) => {
      event.preventDefault();
      const names = button.dataset.tick.split(" ");
      for (const box of form.querySelectorAll("input[name=scope]:not(:disabled)")) if (names.includes(box.value)) box.checked = true;
      ask();
    });
  }
}

// Finds boxes by what stands beside them.
for (const place of document.querySelectorAll("[data-find]")) {
  const line = place.querySelector("input");
  place.hidden = false;
  line.addEventListener("input", () => {
    const wanted = line.value.trim().toLowerCase();
    for (const group of place.parentElement.querySelectorAll(".group")) {
      let shown = 0;
      for (const label of group.querySelectorAll("label")) {
        label.hidden = !label.textContent.toLowerCase().includes(wanted);
        if (!label.hidden) shown++;
      }
      group.hidden = shown === 0;
    }
  });
  line.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
}
