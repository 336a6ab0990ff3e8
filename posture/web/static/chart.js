// Draws a table of numbers as lines. The table stays below: it is what the chart says, for everybody.
(() => {
  "use strict";
  const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
  const moment = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" });

  // A colour of the style sheet as the canvas wants it: the token itself may have a light and a dark half.
  const colourOf = (token, near) => {
    const probe = document.createElement("span");
    probe.className = "colour-probe";
    near.append(probe);
    probe.style.color = `var(--${token})`;
    const colour = getComputedStyle(probe).color;
    probe.remove();
    return colour;
  };

  const numbersOf = (table, names) => {
    const heads = [...table.tHead.rows[0].cells].map((cell) => cell.dataset.name);
    const rows = [...table.tBodies[0].rows];
    const times = rows.map((row) => Date.parse(row.querySelector("time").dateTime) / 1000);
    const columns = names.map((name) => rows.map((row) => Number(row.cells[heads.indexOf(name)].textContent)));
    return [times, ...columns];
  };

  const drawn = new Map();
  const draw = (place) => {
    drawn.get(place)?.destroy();
    place.hidden = false;
    const wanted = place.dataset.series.split(" ").map((each) => each.split(":"));
    const font = `12px ${getComputedStyle(document.body).fontFamily}`;
    const soft = colourOf("soft", place);
    const line = colourOf("line", place);
    const axis = { stroke: soft, font, grid: { stroke: line, width: 1 }, ticks: { show: false }, gap: 8 };
    const numbers = numbersOf(document.getElementById(place.dataset.chart), wanted.map(([name]) => name));
    const latest = numbers[0].length - 1;
    const chart = new uPlot({
      width: place.clientWidth,
      height: 240,
      padding: [8, 12, 0, 0],
      cursor: { points: { size: 7 }, drag: { x: false, y: false } },
      // Where nobody points, the latest numbers stand below the lines.
      hooks: { setCursor: [(self) => self.cursor.idx == null && self.setLegend({ idx: latest })], ready: [(self) => self.setLegend({ idx: latest })] },
      scales: { y: { range: (self, low, high) => [0, Math.max(4, Math.ceil(high * 1.1))] } },
      series: [
        { label: "When", value: (self, at) => (at == null ? "–" : moment.format(at * 1000)) },
        ...wanted.map(([name, token]) => ({ label: name, stroke: colourOf(token, place), width: 2, points: { show: false } })),
      ],
      axes: [
        { ...axis, grid: { show: false }, space: 70, values: (self, marks) => marks.map((at) => day.format(at * 1000)) },
        { ...axis, size: 44, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000] },
      ],
    }, numbers, place);
    // The table says the same in words.
    chart.root.setAttribute("aria-hidden", "true");
    drawn.set(place, chart);
  };
  const drawAll = () => document.querySelectorAll("[data-chart]").forEach(draw);

  let waits = 0;
  addEventListener("resize", () => {
    cancelAnimationFrame(waits);
    waits = requestAnimationFrame(() => {
      for (const [place, chart] of drawn) chart.setSize({ width: place.clientWidth, height: 240 });
    });
  });
  document.addEventListener("theme-chosen", drawAll);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
  drawAll();
})();
