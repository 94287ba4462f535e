
// Asks again whether a person has typed their code elsewhere.
const waiting = document.querySelector("[data-poll]");
if (waiting) {
  let pause = Number(waiting.dataset.interval || 5) * 1000;
  const ask = async () => {
    let answer, body;
    try {
      answer = await fetch(waiting.dataset.poll, { headers: { Accept: "application/json" } });
      body = await answer.json();
    } catch {
      // Away for a moment, or no JSON: the next question may go better.
      setTimeout(ask, pause);
      return;
    }
    if (answer.ok && body.redirect_url) {
      location.assign(body.redirect_url);
      return;
    }
    const detail = body.detail || "";
    if (detail.includes("slow_down")) pause += 5000;
    else if (!detail.includes("authorization_pending")) {
      waiting.textContent = body.detail || body.message || "Something went wrong: start again.";
      return;
    }
    setTimeout(ask, pause);
  };
  setTimeout(ask, pause);
}
