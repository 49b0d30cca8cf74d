// SPDX-License-Identifier: MIT
// Timelines are complete without this script, which enlarges them.
"use strict";
document.querySelectorAll(".timeline").forEach((figure) => {
	const over = figure.querySelector(".over");
	if (!over)
		return;
	const time = over.querySelector("svg");
	let zoom = 1;

	// Set the zoom; the point at `at` (pixels from the visible left edge) keeps its place.
	function set(next, at) {
		const share = (over.scrollLeft + at) / time.clientWidth;
		zoom = Math.min(4096, Math.max(1, next));
		time.setAttribute("width", 100 * zoom + "%");
		over.scrollLeft = share * time.clientWidth - at;
		figure.classList.toggle("wide", zoom >= 8 && zoom < 64);
		figure.classList.toggle("wider", zoom >= 64);
	}

	const middle = () => over.clientWidth / 2;
	const by = { "+": () => set(zoom * 2, middle()), "=": () => set(zoom * 2, middle()),
		"-": () => set(zoom / 2, middle()), "−": () => set(zoom / 2, middle()), "0": () => set(1, 0) };

	over.addEventListener("keydown", (event) => {
		if (event.key in by && !event.ctrlKey && !event.metaKey) {
			by[event.key]();
			event.preventDefault();
		}
	});
	over.addEventListener("wheel", (event) => {
		if (!event.ctrlKey)
			return;
		set(event.deltaY < 0 ? zoom * 1.25 : zoom / 1.25, event.clientX - over.getBoundingClientRect().left);
		event.preventDefault();
	}, { passive: false });

	const box = document.createElement("span");
	box.className = "zoom";
	for (const [sign, title] of [["−", "reduce"], ["+", "enlarge"], ["0", "fit"]]) {
		const button = document.createElement("button");
		button.textContent = sign;
		button.title = title;
		button.addEventListener("click", by[sign]);
		box.append(button);
	}
	figure.prepend(box);
});
