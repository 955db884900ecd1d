// SPDX-License-Identifier: MPL-2.0
// Sorts and filters tables. Without it they are all there, in the order that their captions say.
"use strict";
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  const heads = [...table.tHead.rows[0].cells];
  const collator = new Intl.Collator(undefined, { numeric: true });
  heads.forEach((head, at) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    // A number where the cell has one; what is not known comes last in either order.
    const value = (row) => {
      const { v } = row.cells[at].dataset;
      return v === undefined ? row.cells[at].textContent : v === "" ? undefined : Number(v);
    };
    const compare = (a, b) => (typeof a === "number" ? a - b : collator.compare(a, b));
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const [known, unknown] = [[], []];
      for (const row of body.rows) (value(row) === undefined ? unknown : known).push(row);
      known.sort((a, b) => compare(value(a), value(b)) * (down ? -1 : 1));
      body.append(...known, ...unknown);
    });
  });

  // Fewer rows are seen at once.
  if (12 >= body.rows.length) continue;
  const words = document.createElement("input");
  words.type = "search";
  const label = document.createElement("label");
  label.append("Only rows with ", words);
  const shown = document.createElement("output");
  const bar = document.createElement("p");
  bar.className = "filter";
  bar.append(label, shown);
  table.closest(".scroll").before(bar);
  words.addEventListener("input", () => {
    const wanted = words.value.toLowerCase().split(/\s+/);
    let count = 0;
    for (const row of body.rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !wanted.every((word) => text.includes(word));
      count += row.hidden ? 0 : 1;
    }
    shown.textContent = `${count} of ${body.rows.length}`;
  });
}
