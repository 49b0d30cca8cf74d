// SPDX-License-Identifier: MIT
// The page is complete without this script, which sorts the grid and opens the target of a link.
"use strict";
(() => {
	const table = document.querySelector("#grid table"), body = table.tBodies[0];
	const heads = [...table.tHead.rows[0].cells], asWritten = [...body.rows];

	function compare(column) {
		const key = (row) => row.cells[column].dataset.sort ?? row.cells[column].textContent;
		return column === 0 ? (a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0)
		                    : (a, b) => Number(key(b)) - Number(key(a));
	}

	// The first click sorts names from A and figures from the largest; the second reverses the order;
	// the third restores the original.
	function sort(column) {
		const first = column === 0 ? "ascending" : "descending";
		const second = column === 0 ? "descending" : "ascending";
		const was = heads[column].getAttribute("aria-sort");
		const next = was === null ? first : was === first ? second : null;
		heads.forEach((head) => head.removeAttribute("aria-sort"));
		let rows = [...asWritten];
		if (next !== null) {
			heads[column].setAttribute("aria-sort", next);
			rows.sort(compare(column));
		}
		if (next === second)
			rows.reverse();
		body.append(...rows);
	}

	heads.forEach((head, column) => {
		const button = document.createElement("button");
		button.append(...head.childNodes);
		button.title = "sort by this column";
		button.addEventListener("click", () => sort(column));
		head.append(button);
	});

	document.querySelector("#grid .hint").append(" The head of a column sorts by it.");

	function open() {
		const target = document.getElementById(location.hash.slice(1));
		const around = target && target.closest("details");
		if (around && !around.open) {
			around.open = true;
			target.scrollIntoView();
		}
	}
	addEventListener("hashchange", open);
	open();
})();
