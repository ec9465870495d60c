// What the pages do beyond links and forms. All of it is a help: without this script every
// page works. No words are written here; they stand in the page, in its language.
(() => {
  "use strict";
  const $ = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const on = (name, does, capture = false) => document.addEventListener(name, does, capture);
  const store = (kind, does, otherwise) => {
    try { return does(window[kind]); } catch { return otherwise; } // storage may be forbidden
  };

  // --- Saying what changed: the region is always there, so that screen readers hear it.
  let saying;
  const hush = () => {
    clearTimeout(saying);
    const live = $("#announce");
    if (live) live.textContent = "";
    return live;
  };
  const say = (text) => {
    if (!text) return;
    const live = hush(); // empty for a moment: the same words again are said again
    if (live) saying = setTimeout(() => { live.textContent = text; }, 60);
  };
  const word = (name) => $("#announce")?.dataset[name] ?? "";

  // --- Times: the server writes UTC, the reader wants his own.
  const lang = document.documentElement.lang === "zh-Hans" ? "zh-CN" : "en-GB";
  const clocks = { // by what is written of the moment
    "": new Intl.DateTimeFormat(lang, { dateStyle: "medium", timeStyle: "short" }),
    day: new Intl.DateTimeFormat(lang, { dateStyle: "medium" }),
  };
  const utc = 'time[data-local=""], time[data-local="day"]';
  const localise = (root) => {
    const times = all(utc, root);
    if (root.matches?.(utc)) times.push(root);
    for (const time of times) {
      const at = new Date(time.dateTime);
      const clock = clocks[time.dataset.local];
      time.dataset.local = "done";
      if (!Number.isNaN(at.valueOf())) time.textContent = clock.format(at);
    }
  };
  new MutationObserver((changes) => {
    for (const change of changes) {
      if (change.type === "attributes") localise(change.target);
      for (const node of change.addedNodes) if (node.nodeType === 1) localise(node);
    }
  }).observe(document.documentElement, { childList: true, subtree: true, attributes: true, attributeFilter: ["data-local"] });

  // --- Unsent text is kept until its form was answered with success.
  const prefix = "unsent ";
  const draftKey = (area) => {
    const reader = $("#top")?.dataset.reader;
    if (!reader || !area.name || area.readOnly || !area.form || area.form.method !== "post" || area.closest(".failure")) return "";
    return [prefix + reader, location.pathname, area.form.getAttribute("action") ?? "", area.form.id, area.id, area.name].join(" ");
  };
  const drafts = (form) => all("textarea", form).map(draftKey).filter(Boolean);
  const forget = (keys) => store("sessionStorage", (s) => keys.forEach((key) => s.removeItem(key)));
  // taken forgets what a form was answered with success for. The form of an error page has
  // the texts of another one.
  const taken = (form) => {
    forget(drafts(form));
    if (!form.closest(".failure")) return;
    const sent = [...new FormData(form).values()].map((text) => String(text).trim());
    store("sessionStorage", (s) => forget(Object.keys(s).filter((key) => key.startsWith(prefix) && sent.includes(JSON.parse(s.getItem(key)).text.trim()))));
  };
  on("input", (event) => {
    const area = event.target;
    if (area.tagName !== "TEXTAREA") return;
    const key = draftKey(area);
    if (!key) return;
    store("sessionStorage", (s) => (area.value === area.defaultValue ? s.removeItem(key)
      : s.setItem(key, JSON.stringify({ base: area.defaultValue, text: area.value }))));
  });
  const restore = () => {
    let restored = false;
    for (const area of all("#main textarea")) {
      const key = draftKey(area);
      const kept = key && store("sessionStorage", (s) => JSON.parse(s.getItem(key)), null);
      // A text that the server wrote meanwhile is newer than what was kept of the old one.
      if (!kept || kept.base !== area.defaultValue || area.value === kept.text) continue;
      area.value = kept.text;
      for (let box = area.closest("details"); box; box = box.parentElement.closest("details")) box.open = true;
      restored = true;
    }
    if (restored) say(word("restored"));
  };
  const signedOut = () => store("sessionStorage", (s) => Object.keys(s).filter((key) => key.startsWith(prefix)).forEach((key) => s.removeItem(key)));
  // A form that htmx does not send is answered by the next page: it says whether it was taken.
  const settle = () => store("sessionStorage", (s) => {
    const keys = JSON.parse(s.getItem("sent") ?? "[]");
    s.removeItem("sent");
    if (!troubled()) keys.forEach((key) => s.removeItem(key));
  });

  // --- A form is sent once.
  const hold = (form, submitter) => {
    form.setAttribute("aria-busy", "true");
    form.setAttribute("hx-morph-skip", "sending"); // news that come meanwhile leave it as it is
    for (const button of all("button:not([type=button]), input[type=submit]", form)) {
      if (button.getAttribute("aria-disabled") !== "true") button.dataset.held = "true";
      button.setAttribute("aria-disabled", "true");
    }
    submitter?.setAttribute("aria-busy", "true");
    say(form.dataset.busy || word("sending"));
  };
  const release = (form) => {
    delete form.dataset.sent;
    form.removeAttribute("aria-busy");
    if (form.getAttribute("hx-morph-skip") === "sending") form.removeAttribute("hx-morph-skip");
    for (const button of all("[data-held]", form)) {
      delete button.dataset.held;
      button.removeAttribute("aria-disabled");
      button.removeAttribute("aria-busy");
    }
  };
  const boosted = (element) => Boolean(element?._htmx?.boosted);
  on("submit", (event) => {
    const form = event.target;
    if (form.method === "dialog") return;
    if (form.dataset.sent || event.submitter?.getAttribute("aria-disabled") === "true") {
      event.preventDefault();
      event.stopImmediatePropagation();
      return;
    }
    if (form.method !== "post") return;
    if (form.getAttribute("action") === "/sign-out") signedOut();
    const keys = drafts(form);
    if (!boosted(form)) store("sessionStorage", (s) => s.setItem("sent", JSON.stringify(keys)));
    form.dataset.sent = "true";
    // After this event: a button that is off would not be sent along.
    setTimeout(() => {
      if (event.defaultPrevented && !boosted(form)) return release(form);
      hold(form, event.submitter);
      if (!boosted(form)) setTimeout(() => release(form), 20000); // it may have been a download
    });
  }, true);
  window.addEventListener("pageshow", () => all("form[data-sent]").forEach(release));

  // --- Following links and forms with htmx.
  const plain = '[data-plain], [download], a[href^="/sign-in"], a[href^="/dev"], form[action="/sign-out"], form[action="/preferences"]';
  on("htmx:before:init", (event) => {
    const element = event.target;
    if (element.matches("a, form") && element.matches(plain) && !element.matches("[hx-get], [hx-post]")) event.preventDefault();
  });
  const bare = (address) => {
    const at = new URL(address, location.href);
    at.searchParams.delete("done");
    return at.pathname + at.search;
  };
  const leave = (path) => location.assign(path);
  // What is no page of ours (a download, the issuer's page) is the browser's business.
  on("htmx:before:response", (event) => {
    const { ctx } = event.detail;
    if (!boosted(ctx.sourceElement) || ctx.response.headers.get("HX-Redirect")) return;
    const media = ctx.response.headers.get("Content-Type") ?? "";
    if (media.startsWith("text/html") || ctx.response.status === 204) return;
    event.preventDefault();
    if (ctx.request.method === "GET") leave(ctx.response.raw.url);
  });
  on("htmx:before:history:update", (event) => {
    const { history: entry, sourceElement, response } = event.detail;
    if (!entry || !boosted(sourceElement)) return;
    // The address of a refused form is no page to come back to.
    if (response.status >= 400 && sourceElement.method === "post") event.preventDefault();
    else if (bare(entry.path) === bare(location.href)) entry.type = "replace";
  });
  const troubled = () => $("#main .trouble, #main .failure, #main [aria-invalid=true], #main .problem");

  // wrong is the first field that is, or what says so above the form.
  const wrong = () => {
    const first = $("#main :is(input, select, textarea)[aria-invalid=true], #main .problem");
    return first?.matches(".problem") ? $("input, select, textarea", first.closest(".field, fieldset, form") ?? first) : first ?? $("#main .trouble");
  };

  // sign finds a control again after its page was replaced.
  const sign = (element) => {
    if (!element || !$("#main")?.contains(element)) return "";
    if (element.id) return "#" + CSS.escape(element.id);
    const href = element.getAttribute("href");
    if (href) return `a[href="${CSS.escape(href)}"]`;
    if (!element.form) return "";
    const form = `form[action="${CSS.escape(element.form.getAttribute("action") ?? "")}"] `;
    if (!element.name) return element.tagName === "BUTTON" ? form + "button:not([name])" : "";
    return `${form}[name="${CSS.escape(element.name)}"]` + (element.tagName === "BUTTON" ? `[value="${CSS.escape(element.value)}"]` : "");
  };
  // What was chosen in the other forms of a page stays when one of them comes back with it.
  // Text areas are unsent text, and hidden fields are the page's own.
  const chosenBeside = (form) => all("#main form[id]").filter((other) => other !== form && other.method === "post").flatMap((other) =>
    [...other.elements].filter((e) => e.name && !e.matches("textarea, button, [type=hidden]"))
      .map((e) => ({ form: other.id, name: e.name, type: e.type, value: e.value, checked: e.checked })));
  const choose = ({ form, name, type, value, checked }) => {
    const picked = type === "radio" || type === "checkbox";
    const field = [...document.getElementById(form)?.elements ?? []].find((e) => e.name === name && e.type === type && (!picked || e.value === value));
    if (picked && field) field.checked = checked;
    else if (field) field.value = value;
  };

  let before = null;
  on("htmx:before:swap", (event) => {
    const { ctx } = event.detail;
    before = null;
    if (!boosted(ctx.sourceElement)) return;
    if (!ctx.text.includes('id="main"')) {
      event.preventDefault();
      if (ctx.request.method === "GET") leave(ctx.response.raw.url);
      return;
    }
    const form = ctx.sourceElement.tagName === "FORM" ? ctx.sourceElement : null;
    const drafting = ctx.sourceEvent?.submitter?.hasAttribute("data-draft"); // sent to be worked on, and comes back
    if (form && ctx.request.method === "POST" && ctx.response.status < 400 && !drafting) taken(form);
    const stays = drafting || ctx.response.status >= 400;
    before = { ctx, path: location.pathname, scroll: scrollY, focus: sign(document.activeElement), chosen: stays ? chosenBeside(form) : [] };
  });
  on("htmx:after:swap", (event) => {
    if (!before || before.ctx !== event.detail.ctx) return;
    const { ctx, path, scroll, focus, chosen } = before;
    before = null;
    hush();
    restore();
    chosen.forEach(choose);
    const bad = ctx.response.status >= 400 && troubled();
    const same = path === location.pathname && ctx.response.status < 500;
    const again = same && !bad && focus && $(focus, $("#main"));
    if (bad && !$("#main .failure")) {
      focusOn(wrong() ?? $("#main h1"));
    } else if (again) {
      scrollTo(0, scroll);
      again.focus({ preventScroll: true });
    } else if (!ctx.request.anchor) {
      scrollTo(0, 0);
      focusOn($("#main h1"));
    }
    after();
    say($("#said")?.textContent.trim() || (again && $("#main [data-announce]")?.textContent.trim()));
  });
  on("htmx:after:settle", (event) => {
    if (event.detail.task?.target === document.body) { // back and forth
      after();
      restore();
      setTimeout(() => say(document.title)); // htmx sets it last
    }
  });
  on("htmx:finally:request", (event) => {
    const { sourceElement } = event.detail.ctx ?? {};
    if (sourceElement?.tagName === "FORM") release(sourceElement);
  });

  // --- A page that follows something by itself says when it no longer does.
  const cut = (stream, status) => {
    if (status === 401) return location.reload(); // to sign in, and back here
    const notice = $("#cut");
    if (!notice || !stream.isConnected || !notice.hidden) return;
    notice.hidden = false;
    say(notice.textContent.trim());
  };
  on("htmx:sse:error", (event) => {
    const { connection, status } = event.detail;
    // Servers are started anew: the first try after a cut may find nobody.
    if (status === 401 || connection?.attempt > 1) cut(event.target, status);
  });
  on("htmx:sse:after:connection", () => { const notice = $("#cut"); if (notice) notice.hidden = true; });
  // htmx goes on after a cut, but not when it never got through.
  const again = (stream) => setTimeout(() => {
    if (stream.isConnected) window.htmx.ajax("GET", stream.getAttribute("hx-sse:connect"), { source: stream });
  }, 10000);
  on("htmx:finally:request", (event) => {
    const { sourceElement: stream, response } = event.detail.ctx ?? {};
    if (!stream?.hasAttribute?.("hx-sse:connect") || (response && response.status < 400)) return;
    cut(stream, response?.status);
    if (response?.status !== 401) again(stream);
  });
  on("htmx:error", async (event) => {
    const { ctx } = event.detail;
    if (!boosted(ctx?.sourceElement) || ctx.response) return;
    if (ctx.request.method === "GET") {
      // Sent elsewhere by the answer, or is nobody there? Only the first is worth leaving for.
      const there = await fetch($("link[rel=icon]").href, { cache: "no-store" }).catch(() => null);
      if (there) return leave(ctx.request.action);
    }
    unreached();
  });
  const unreached = () => {
    const said = $("#said");
    if (!said) return;
    const box = document.createElement("div");
    box.className = "trouble";
    box.tabIndex = -1;
    box.textContent = word("unreached");
    said.replaceChildren(box);
    focusOn(box);
    say(word("unreached"));
  };
  const focusOn = (element) => {
    if (!element) return;
    if (!element.matches("a, button, input, select, textarea")) element.tabIndex = -1;
    element.focus();
  };

  // --- Keys: single letters, only outside of fields, and they can be switched off.
  const off = "refunddesk-keys-off";
  const keysOff = () => store("localStorage", (s) => s.getItem(off) === "true", false);
  const shown = (element) => element.getClientRects().length > 0;
  const typing = (element) => element?.matches?.('textarea, select, [contenteditable], input:not([type="radio"], [type="checkbox"], [type="button"], [type="submit"])');
  const openKeys = () => {
    const dialog = $("#keys");
    if (!dialog || dialog.open) return;
    const list = $("dl", dialog);
    all(".here", list).forEach((row) => row.remove());
    all("[data-needs]", list).forEach((row) => { row.hidden = !$(row.dataset.needs); });
    const seen = new Set();
    const keyOf = (e) => e.dataset.rowKey ?? e.dataset.key;
    const rows = all("[data-key-label]").filter((e) => !seen.has(keyOf(e)) && seen.add(keyOf(e))).map((e) => {
      const row = document.createElement("div");
      row.className = "here";
      const term = document.createElement("dt");
      term.append(document.createElement("kbd"));
      term.firstChild.textContent = keyOf(e);
      const text = document.createElement("dd");
      text.textContent = e.dataset.keyLabel;
      row.append(term, text);
      return row;
    });
    list.prepend(...rows);
    $("#keys-on").checked = !keysOff();
    dialog.showModal();
  };
  const walk = (step) => {
    const rows = all("[data-row]").filter(shown);
    if (!rows.length) return false;
    const at = rows.findIndex((row) => row.contains(document.activeElement));
    const next = at < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, at + step));
    const row = rows[next];
    focusOn($("a[href]", row) ?? row);
    row.scrollIntoView({ block: "nearest" });
    return true;
  };
  const press = (key) => {
    const row = document.activeElement?.closest("[data-row]");
    const own = row && all("[data-row-key]", row).find((e) => e.dataset.rowKey === key && shown(e));
    if (own) {
      own.click(); // the focus stays in the list
      return true;
    }
    const element = all("[data-key]").find((e) => e.dataset.key === key && shown(e));
    if (!element) return false;
    const box = element.tagName === "DETAILS" ? element : element.closest("details");
    if (box) box.open = true;
    if (element.tagName === "DETAILS") focusOn($("input, select, textarea, button", element) ?? $("summary", element));
    else if (typing(element)) element.focus();
    else { element.focus(); element.click(); }
    return true;
  };
  on("keydown", (event) => {
    const { key, target } = event;
    if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (key === "Escape" && typing(target) && $("#main").contains(target) && !$("dialog[open]")) { target.blur(); return; }
    if (typing(target) || $("dialog[open]") || keysOff()) return;
    const done = key === "?" ? (openKeys(), true) : (key === "j" && walk(1)) || (key === "k" && walk(-1)) || (key.length === 1 && press(key));
    if (done) event.preventDefault();
  });
  on("click", (event) => {
    if (event.target.closest?.('[aria-disabled="true"]')) event.preventDefault();
    if (event.target.closest?.("[data-open=keys]")) openKeys();
  });
  on("change", (event) => {
    if (event.target.id === "keys-on") store("localStorage", (s) => (event.target.checked ? s.removeItem(off) : s.setItem(off, "true")));
  });

  // after is for every page that was shown, whole or swapped in.
  const after = () => {
    all("[data-open=keys]").forEach((button) => { button.hidden = false; });
    const here = $("#top nav [aria-current=page]"); // where the links are a row to scroll
    if (here) here.closest("ul").scrollLeft = here.offsetLeft - 16;
    const at = new URL(location.href);
    if (at.searchParams.has("done")) { // shown once: a reload does not say it again
      at.searchParams.delete("done");
      history.replaceState(history.state, "", at);
    }
  };
  settle();
  localise(document.documentElement);
  restore();
  after();
  if (!$("#main .failure")) focusOn(wrong());
  say($("#said")?.textContent.trim());
})();
