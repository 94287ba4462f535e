
// Says while a new password is typed why it is too weak, without what the API puts before the advice.
const inWords = (details) => details.replace(/^insecure password, ./, (start) => start.at(-1).toUpperCase()) + ".";
for (const field of document.querySelectorAll("[data-strength]")) {
  const said = document.createElement("p");
  said.className = "hint";
  said.setAttribute("role", "status");
  document.getElementById(field.getAttribute("aria-describedby")).append(said);
  let timer;
  const ask = async () => {
    const password = field.value;
    if (!password) { said.textContent = ""; return; }
    try {
      const answer = await fetch("/api/v2/users/validate-password", {
        method: "POST",
        credentials: "omit",
        headers: { "Content-Type": "application/json", Accept: "application/json" },
        body: JSON.stringify({ password }),
      });
      const { valid, details } = await answer.json();
      if (answer.ok && password === field.value) said.textContent = valid ? "Strong enough." : inWords(details);
    } catch {
      // Away for a moment: the server looks at the password again when the form comes.
    }
  };
  field.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(ask, 500); });
}
