"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const night = matchMedia("(prefers-color-scheme: dark)");
  // A finger that moves over a figure scrolls the page; a mouse zooms.
  const touch = matchMedia("(hover: none)").matches;
  const config = { responsive: true, displaylogo: false, scrollZoom: false, displayModeBar: touch ? false : "hover",
    modeBarButtonsToRemove: ["lasso2d", "select2d", "autoScale2d"],
    toImageButtonOptions: { format: "svg", filename: "ragopt" } };

  // "@name" is a color of the palette; texts of questions live in customdata and are left alone.
  const colored = (value, colors, key) => {
    if (typeof value === "string") return value[0] === "@" ? colors[value.slice(1)] ?? value : value;
    if (Array.isArray(value)) return value.map((part) => colored(part, colors));
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([name, part]) =>
      [name, name === "customdata" ? part : colored(part, colors, name)]));
  };
  const draw = (dark) => {
    const colors = dark ? data.palettes.dark : data.palettes.light;
    for (const [id, figure] of Object.entries(data.figures)) {
      const place = document.getElementById(id);
      if (!place || place.hidden) continue;
      const drawn = colored(figure, colors);
      if (touch) drawn.layout.dragmode = false;
      if (innerWidth < 560) drawn.layout.margin = { ...drawn.layout.margin, l: 44, r: 8 };
      Plotly.react(place, drawn.data, drawn.layout, config);
    }
  };

  // The cost axis.
  for (const button of document.querySelectorAll("[data-axis]")) {
    button.addEventListener("click", () => {
      for (const other of document.querySelectorAll("[data-axis]")) {
        const mine = other === button;
        other.setAttribute("aria-pressed", String(mine));
        document.getElementById(`front-${other.dataset.axis}`).hidden = !mine;
      }
      draw(night.matches);
    });
  }

  // The table of questions: filtered, sorted, a page at a time.
  const table = document.getElementById("questions");
  const state = { text: "", kind: "all", by: 3, down: false, shown: 10 };
  const cell = (row, text, kind) => {
    const made = row.insertCell();
    made.textContent = text;
    if (kind) made.className = kind;
  };
  const fill = () => {
    const wanted = state.text.toLowerCase();
    const rows = data.questions.filter(([id, text, before, after]) => {
      const change = after - before;
      const kind = change > 1e-12 ? "won" : change < -1e-12 ? "lost" : "same";
      return (state.kind === "all" || state.kind === kind) && `${id} ${text}`.toLowerCase().includes(wanted);
    });
    const value = (row) => state.by === 0 ? row[1] : state.by === 3 ? row[3] - row[2] : row[state.by + 1];
    rows.sort((a, b) => {
      const [x, y] = [value(a), value(b)];
      const order = typeof x === "string" ? x.localeCompare(y) : x - y || a[3] - b[3];
      return state.down ? -order : order;
    });
    const body = table.tBodies[0];
    body.replaceChildren();
    for (const [id, text, before, after] of rows.slice(0, state.shown)) {
      const row = body.insertRow();
      cell(row, text || id, "wide");
      cell(row, before.toFixed(3), "n");
      cell(row, after.toFixed(3), "n");
      const change = after - before;
      cell(row, (change > 0 ? "+" : "") + change.toFixed(3), `n ${change > 1e-12 ? "up" : change < -1e-12 ? "down" : ""}`);
    }
    document.getElementById("count").textContent = `${Math.min(rows.length, state.shown)} of ${rows.length} shown`;
    document.getElementById("more").hidden = rows.length <= state.shown;
    table.querySelectorAll("th").forEach((head, i) =>
      head.setAttribute("aria-sort", i !== state.by ? "none" : state.down ? "descending" : "ascending"));
  };
  document.getElementById("find").addEventListener("input", (event) => { state.text = event.target.value; fill(); });
  document.getElementById("kind").addEventListener("change", (event) => { state.kind = event.target.value; fill(); });
  document.getElementById("more").addEventListener("click", () => { state.shown += 100; fill(); });
  table.querySelectorAll("th button").forEach((head, i) => head.addEventListener("click", () => {
    state.down = state.by === i ? !state.down : i > 0;
    state.by = i;
    fill();
  }));

  // Copying: the clipboard where the browser lets a file use it, else the text is selected.
  for (const button of document.querySelectorAll("[data-copy]")) {
    button.addEventListener("click", async () => {
      const source = document.getElementById(button.dataset.copy);
      try {
        await navigator.clipboard.writeText(source.textContent);
        button.textContent = "Copied";
      } catch {
        getSelection().selectAllChildren(source);
        button.textContent = "Selected: press Ctrl-C";
      }
      setTimeout(() => { button.textContent = "Copy"; }, 2500);
    });
  }

  // Paper is light, shows what is folded, and is as wide as it is.
  const folded = () => [...document.querySelectorAll("details")];
  let open = [];
  addEventListener("beforeprint", () => {
    open = folded().map((part) => part.open);
    for (const part of folded()) part.open = true;
    draw(false);
  });
  addEventListener("afterprint", () => {
    folded().forEach((part, i) => { part.open = open[i]; });
    draw(night.matches);
  });
  night.addEventListener("change", () => draw(night.matches));
  fill();
  draw(night.matches);
  document.documentElement.dataset.ready = "yes";
})();
