"use strict";
// Figures as Grafana writes them, by its names of units. No document is touched above `start`.

const SCALES = {
  s: [[1e-9, 1e-9, "ns"], [1e-6, 1e-6, "µs"], [1e-3, 1e-3, "ms"], [1, 1, "s"], [60, 60, "min"], [3600, 3600, "h"], [86400, 86400, "d"]],
  bytes: [[0, 1, "B"], [1024, 1024, "KiB"], [1024 ** 2, 1024 ** 2, "MiB"], [1024 ** 3, 1024 ** 3, "GiB"], [1024 ** 4, 1024 ** 4, "TiB"]],
  short: [[0, 1, ""], [1e3, 1e3, "K"], [1e6, 1e6, "Mil"], [1e9, 1e9, "Bil"], [1e12, 1e12, "Tri"]],
};

// Three significant digits, and never 1e-7: what is smaller than a screen shows is written in full.
function digits(value) {
  if (value === 0) return "0";
  const size = Math.floor(Math.log10(Math.abs(value)));
  const places = Math.max(0, Math.min(12, 2 - size));
  const text = value.toFixed(places);
  return places ? text.replace(/\.?0+$/, "") : text;
}

function scaled(value, scales) {
  let chosen = scales[0];
  for (const each of scales) if (Math.abs(value) >= each[0] * 0.9999999) chosen = each;
  return value === 0 ? ["0", scales.find(each => each[1] === 1)[2]] : [digits(value / chosen[1]), chosen[2]];
}

const spaced = parts => parts[1] ? parts[0] + " " + parts[1] : parts[0];

function write(unit, value) {
  if (value === null || value === undefined) return "–";
  if (typeof value !== "number") return String(value);
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
  if (unit === "s") return spaced(scaled(value, SCALES.s));
  if (unit === "ms") return spaced(scaled(value / 1000, SCALES.s));
  if (unit === "bytes" || unit === "decbytes") return spaced(scaled(value, SCALES.bytes));
  if (unit === "percentunit") return digits(value * 100) + " %";
  if (unit === "percent") return digits(value) + " %";
  if (unit === "reqps") return spaced(scaled(value, SCALES.short)) + " req/s";
  if (unit === "currencyUSD") return (value < 0 ? "-$" : "$") + spaced(scaled(Math.abs(value), SCALES.short));
  if (unit === "none") return digits(value);
  const text = spaced(scaled(value, SCALES.short));
  return unit && unit !== "short" ? text + " " + unit : text;
}

// The colour of the last step that a value has reached.
function stepped(steps, value) {
  let color = "text";
  if (value !== null) for (const [from, each] of steps) if (from === null || value >= from) color = each;
  return color;
}

const CALCS = {
  mean: ys => { const had = ys.filter(y => y !== null); return had.length ? had.reduce((a, b) => a + b, 0) / had.length : null; },
  max: ys => ys.reduce((a, y) => y === null ? a : a === null ? y : Math.max(a, y), null),
  min: ys => ys.reduce((a, y) => y === null ? a : a === null ? y : Math.min(a, y), null),
  lastNotNull: ys => ys.reduce((a, y) => y === null ? a : y, null),
  last: ys => ys.length ? ys[ys.length - 1] : null,
  sum: ys => ys.reduce((a, y) => y === null ? a : (a || 0) + y, null),
};
const CALLED = {lastNotNull: "last"};

// What is drawn: curves that are stacked lie on the sum of those before.
function laid(series, shown) {
  const sum = [];
  return series.map((one, i) => {
    if (!one.stack || !shown[i]) return one.ys;
    return one.ys.map((y, at) => {
      if (y === null) return null;
      sum[at] = (sum[at] || 0) + y;
      return sum[at];
    });
  });
}

// The ends of an axis: what is fixed stays, the rest makes room for the data.
function ends(low, high, min, max) {
  const from = min === null || min === undefined ? Math.min(low, 0 <= low ? low * 0.95 : low * 1.05) : Math.min(min, low);
  let to = max === null || max === undefined ? (high > 0 ? high * 1.06 : high * 0.95) : max;
  if (!(to > from)) to = from + (Math.abs(from) || 1);
  return [from, to];
}

// Distances of ticks that people count in; in days and hours a tenth is no round number.
const ROUND = {s: [1e-6, 2e-6, 5e-6, 1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4, .001, .002, .005, .01, .02, .025, .05, .1, .2, .25, .5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 432000, 864000, 1728000, 4320000, 8640000], bytes: Array.from({length: 50}, (_, i) => 2 ** i)};

function start(data, uPlot) {
  const css = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const color = name => !name || name === "text" ? css("--ink") : name;
  const make = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [key, value] of Object.entries(attributes)) key === "style" ? element.style.cssText = value : element.setAttribute(key, value);
    element.append(...children.filter(child => child !== null));
    return element;
  };
  const xs = Array.from({length: data.count}, (_, i) => data.start + i * data.step);
  const clock = at => new Date(at * 1000).toLocaleString([], {month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false});
  const tip = document.getElementById("tip");
  let redraws = [];

  function told(event, content) {
    tip.replaceChildren(content);
    tip.hidden = false;
    const box = tip.getBoundingClientRect();
    tip.style.left = Math.max(4, Math.min(event.clientX + 14, innerWidth - box.width - 4)) + "px";
    tip.style.top = (event.clientY + 14 + box.height > innerHeight ? Math.max(4, event.clientY - box.height - 10) : event.clientY + 14) + "px";
  }

  // Times as short as their distance allows; the day where they are days apart.
  const times = (u, ticks) => ticks.map(at => {
    const apart = ticks.length > 1 ? ticks[1] - ticks[0] : 60;
    const parts = apart < 60 ? {hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false} : apart < 86400 ? {hour: "2-digit", minute: "2-digit", hour12: false} : {month: "short", day: "numeric"};
    return new Date(at * 1000).toLocaleString([], parts);
  });
  const axis = () => ({stroke: css("--soft"), grid: {stroke: css("--line"), width: 1}, ticks: {stroke: css("--line"), width: 1, size: 4}, font: "11px system-ui, 'DejaVu Sans', sans-serif"});

  function width(texts) {
    const canvas = width.canvas || (width.canvas = document.createElement("canvas").getContext("2d"));
    canvas.font = "11px system-ui, 'DejaVu Sans', sans-serif";
    return Math.ceil(Math.max(20, ...texts.map(text => canvas.measureText(text).width))) + 14;
  }

  function curves(panel, body, marks) {
    const shown = panel.series.map(() => true);
    const place = make("div", {class: "plot"});
    body.append(place);
    if (panel.calcs.length && panel.series.length) body.append(legend(panel, shown, () => draw()));
    let plot = null;
    const draw = () => {
      if (plot) plot.destroy();
      const ys = laid(panel.series, shown);
      // The topmost of a stack is drawn first, so that what is filled below it does not hide the others.
      const order = panel.series.map((_, i) => i).reverse();
      const stack = panel.series.map((_, i) => i).filter(i => panel.series[i].stack && shown[i]);
      const tint = i => panel.series[i].fill ? color(panel.series[i].color) + Math.round(panel.series[i].fill * 255).toString(16).padStart(2, "0") : undefined;
      const at = i => order.indexOf(i) + 1;
      // Of a stack only what lies between a curve and the one below is filled.
      const bands = stack.slice(1).map((i, below) => ({series: [at(i), at(stack[below])], fill: tint(i)}));
      plot = new uPlot({
        width: Math.max(60, place.clientWidth), height: Math.max(40, place.clientHeight), legend: {show: false},
        cursor: {sync: {key: "x"}, points: {size: 6}, drag: {x: false, y: false}},
        scales: {x: {time: true, range: () => [data.start, data.start + data.step * Math.max(1, data.count - 1)]}, y: {range: (u, low, high) => ends(low === null ? 0 : low, high === null ? 1 : high, panel.min, panel.max)}},
        series: [{}, ...order.map(i => ({
          show: shown[i], stroke: color(panel.series[i].color), width: panel.series[i].width, dash: panel.series[i].dash,
          fill: stack.indexOf(i) > 0 ? undefined : tint(i),
          points: {show: (u, at) => alone(ys[i]), size: 4, fill: color(panel.series[i].color)}, spanGaps: false,
        }))],
        bands,
        axes: [{...axis(), values: times, size: 30, space: 76}, {...axis(), ...(ROUND[panel.unit] ? {incrs: ROUND[panel.unit]} : {}), size: (u, values) => width(values || []), values: (u, ticks) => ticks.map(tick => write(panel.unit, tick))}],
        hooks: {draw: [u => lines(u, panel.lines), u => marked(u, marks)], setCursor: [u => hover(u, panel, shown)]},
      }, [xs, ...order.map(i => ys[i])], place);
    };
    redraws.push(draw);
  }

  // A curve of single points would not be seen as a line.
  const alone = ys => ys.every((y, i) => y === null || ((ys[i - 1] ?? null) === null && (ys[i + 1] ?? null) === null));

  function hover(u, panel, shown) {
    const at = u.cursor.idx;
    const event = u.cursor.event;
    if (at === null || at === undefined || !event || !u.over.matches(":hover")) return;
    const rows = panel.series.map((one, i) => [one, one.ys[at], shown[i]]).filter(row => row[2] && row[1] !== null).sort((a, b) => b[1] - a[1]).slice(0, 20);
    const table = make("table", {}, ...rows.map(([one, y]) => make("tr", {}, make("td", {}, make("span", {class: "swatch", style: "background:" + color(one.color)}), one.name), make("td", {}, write(panel.unit, y)))));
    told(event, make("div", {}, clock(xs[at]), table));
  }

  function lines(u, steps) {
    const {ctx, bbox} = u;
    ctx.save();
    ctx.setLineDash([6 * devicePixelRatio, 4 * devicePixelRatio]);
    ctx.lineWidth = devicePixelRatio;
    for (const [value, each] of steps) {
      const y = u.valToPos(value, "y", true);
      if (y < bbox.top || y > bbox.top + bbox.height) continue;
      ctx.strokeStyle = color(each);
      ctx.beginPath(); ctx.moveTo(bbox.left, y); ctx.lineTo(bbox.left + bbox.width, y); ctx.stroke();
    }
    ctx.restore();
  }

  function marked(u, marks) {
    const {ctx, bbox} = u;
    ctx.save();
    ctx.setLineDash([2 * devicePixelRatio, 3 * devicePixelRatio]);
    ctx.lineWidth = devicePixelRatio;
    for (const mark of marks) {
      const x = u.valToPos(mark.from, "x", true);
      ctx.strokeStyle = mark.color;
      ctx.beginPath(); ctx.moveTo(x, bbox.top); ctx.lineTo(x, bbox.top + bbox.height); ctx.stroke();
    }
    ctx.restore();
  }

  function legend(panel, shown, draw) {
    const head = make("tr", {}, make("th", {}), ...panel.calcs.map(calc => make("th", {scope: "col"}, CALLED[calc] || calc)));
    const rows = panel.series.map((one, i) => {
      const button = make("button", {"aria-pressed": "true", title: one.name}, make("span", {class: "swatch", style: `background:${color(one.color)}`}), one.name);
      button.addEventListener("click", () => { shown[i] = !shown[i]; button.setAttribute("aria-pressed", shown[i]); draw(); });
      return make("tr", {}, make("td", {}, button), ...panel.calcs.map(calc => make("td", {}, write(panel.unit, CALCS[calc] ? CALCS[calc](one.ys) : null))));
    });
    return make("div", {class: "legend", tabindex: "0"}, make("table", {}, make("thead", {}, head), make("tbody", {}, ...rows)));
  }

  function stat(panel, body) {
    const figures = panel.figures.map(figure => make("div", {class: "figure"},
      make("b", {style: "color:" + color(figure.color || stepped(panel.steps, figure.value))}, figure.value === null ? panel.empty || "no data" : write(panel.unit, figure.value)),
      panel.figures.length > 1 ? make("small", {}, figure.name) : null));
    body.append(make("div", {class: "figures"}, ...figures));
    if (!panel.sparks || !panel.sparks.length) return;
    const place = make("div", {class: "spark"});
    body.append(place);
    let plot = null;
    redraws.push(() => {
      if (plot) plot.destroy();
      const stroke = color(stepped(panel.steps, panel.figures[0].value));
      plot = new uPlot({
        width: Math.max(20, place.clientWidth), height: Math.max(16, place.clientHeight), legend: {show: false}, cursor: {show: false},
        axes: [{show: false}, {show: false}], padding: [2, 0, 0, 0], scales: {y: {range: (u, low, high) => ends(low || 0, high || 1, panel.min, null)}},
        series: [{}, {stroke, width: 1, fill: (stroke.startsWith("#") && stroke.length === 7 ? stroke : "#888888") + "30", points: {show: false}}],
      }, [xs, panel.sparks[0]], place);
    });
  }

  function gauge(panel, body) {
    const least = panel.min ?? 0, most = panel.max ?? 100;
    const share = value => Math.max(0, Math.min(1, (value - least) / (most - least || 1)));
    const point = (part, radius) => { const angle = Math.PI * (1 - part); return [100 + radius * Math.cos(angle), 100 - radius * Math.sin(angle)].map(v => v.toFixed(2)).join(" "); };
    const arc = (from, to, radius) => `M ${point(from, radius)} A ${radius} ${radius} 0 0 1 ${point(to, radius)}`;
    for (const figure of panel.figures) {
      const name = color(stepped(panel.steps, figure.value));
      const said = figure.value === null ? "no data" : write(panel.unit, figure.value);
      const parts = panel.steps.map(([from, each], i) => [from === null ? 0 : share(from), i + 1 < panel.steps.length ? share(panel.steps[i + 1][0]) : 1, each]);
      const paths = [[arc(0, 1, 78), css("--line"), 18], ...(figure.value === null ? [] : [[arc(0, Math.max(0.004, share(figure.value)), 78), name, 18]]), ...parts.map(([from, to, each]) => [arc(from, to, 93), color(each), 4])];
      const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
      svg.setAttribute("viewBox", "0 0 200 112");
      svg.setAttribute("role", "img");
      for (const [d, stroke, thick] of paths) {
        const path = document.createElementNS(svg.namespaceURI, "path");
        for (const [key, value] of Object.entries({d, stroke, "stroke-width": thick, fill: "none"})) path.setAttribute(key, value);
        svg.append(path);
      }
      const text = document.createElementNS(svg.namespaceURI, "text");
      for (const [key, value] of Object.entries({x: 100, y: 100, "text-anchor": "middle", fill: name, "font-size": Math.min(28, 210 / said.length), "font-weight": 600})) text.setAttribute(key, value);
      text.textContent = said;
      svg.append(text);
      body.append(make("div", {class: "gauge"}, svg));
    }
  }

  function bars(panel, body) {
    const values = panel.figures.map(figure => figure.value).filter(value => value !== null);
    const least = panel.min ?? Math.min(0, ...values), most = panel.max ?? Math.max(...values);
    const cells = panel.figures.flatMap(figure => [
      make("span", {}, figure.name),
      make("i", {}, make("u", {style: `width:${figure.value === null ? 0 : 100 * Math.max(0, Math.min(1, (figure.value - least) / (most - least || 1)))}%;background:${bar(panel, figure)}`})),
      make("span", {}, write(panel.unit, figure.value)),
    ]);
    body.append(make("div", {class: "bars", tabindex: "0"}, ...cells));
  }

  // A bar that no step colours is drawn in the accent, for text's own colour would be a black block.
  const bar = (panel, figure) => { const name = figure.color || stepped(panel.steps, figure.value); return name === "text" ? css("--accent") : name; };

  function table(panel, body) {
    const cell = (value, column, link) => {
      const text = write(column.unit, value);
      const known = link && byUid[(/\/d\/([^/?]+)/.exec(link) || [])[1]];
      return make("td", {class: typeof value === "string" ? "left" : "", style: column.steps.length ? "color:" + color(stepped(column.steps, value)) : ""}, known ? make("a", {href: "#" + encodeURIComponent(known.uid)}, text) : text);
    };
    const head = panel.columns.map((column, i) => make("th", {scope: "col", class: panel.rows.some(row => typeof row[i] === "string") ? "left" : ""}, column.name));
    const rows = panel.rows.map((row, at) => make("tr", {}, ...row.map((value, i) => cell(value, panel.columns[i], panel.links[at][i]))));
    body.append(make("div", {class: "cells", tabindex: "0"}, make("table", {}, make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...rows))));
  }

  function heatmap(panel, body, marks) {
    const place = make("div", {class: "plot"});
    body.append(place);
    const most = Math.max(...panel.cells.flat().filter(value => value !== null), 0);
    const edge = i => i < 0 ? "0" : panel.edges[i] === null ? "+Inf" : write(panel.unit, panel.edges[i]);
    let plot = null;
    const paint = u => {
      const {ctx, bbox} = u;
      ctx.save();
      panel.cells.forEach((row, bucket) => row.forEach((value, at) => {
        if (value === null || value === 0) return;
        const left = u.valToPos(xs[at] - data.step, "x", true), right = u.valToPos(xs[at], "x", true);
        const top = u.valToPos(bucket + 1, "y", true), bottom = u.valToPos(bucket, "y", true);
        ctx.fillStyle = `rgba(${css("--heat")}, ${0.12 + 0.88 * Math.sqrt(value / most)})`;
        const from = Math.max(bbox.left, left);
        ctx.fillRect(from, top + 1, Math.max(1, right - from - 0.5), Math.max(1, bottom - top - 2));
      }));
      ctx.restore();
    };
    const cursor = u => {
      const event = u.cursor.event, at = u.cursor.idx, bucket = Math.floor(u.posToVal(u.cursor.top, "y"));
      if (!event || at === null || at === undefined || !u.over.matches(":hover") || !panel.cells[bucket]) return;
      told(event, make("div", {}, clock(xs[at]), make("div", {}, `${edge(bucket - 1)} to ${edge(bucket)}: ${write("short", panel.cells[bucket][at])} a second`)));
    };
    redraws.push(() => {
      if (plot) plot.destroy();
      const room = Math.max(1, Math.ceil(panel.edges.length / Math.max(2, place.clientHeight / 18)));
      plot = new uPlot({
        width: Math.max(60, place.clientWidth), height: Math.max(40, place.clientHeight), legend: {show: false}, cursor: {sync: {key: "x"}, drag: {x: false, y: false}, points: {show: false}},
        scales: {x: {time: true, range: () => [data.start, data.start + data.step * Math.max(1, data.count - 1)]}, y: {range: () => [0, panel.edges.length]}},
        series: [{}, {paths: () => null, points: {show: false}}],
        axes: [{...axis(), values: times, size: 30, space: 76}, {...axis(), grid: {show: false}, size: width(panel.edges.map((_, i) => edge(i))), splits: () => panel.edges.map((_, i) => i + 1).filter((_, i) => i % room === 0), values: (u, ticks) => ticks.map(tick => edge(tick - 1))}],
        hooks: {draw: [paint, u => marked(u, marks)], setCursor: [cursor]},
      }, [xs, xs.map(() => 0)], place);
    });
  }

  const drawn = {timeseries: curves, stat, gauge, bargauge: bars, table, heatmap};

  function panelOf(panel, marks) {
    const [x, y, w, h] = panel.place;
    const where = `grid-column:${x + 1} / span ${w};grid-row:${y + 1} / span ${h}`;
    if (panel.kind === "row") return make("h2", {class: "row", style: where + ";margin:0;font-size:14px"}, panel.title);
    const heading = make("h3", {}, make("span", {title: panel.title}, panel.title));
    if (panel.about && panel.kind !== "text") {
      const about = make("button", {class: "about", "aria-label": panel.about}, "i");
      about.addEventListener("pointerenter", event => told(event, panel.about));
      about.addEventListener("focus", () => told({clientX: about.getBoundingClientRect().left, clientY: about.getBoundingClientRect().bottom}, panel.about));
      for (const away of ["pointerleave", "blur"]) about.addEventListener(away, () => { tip.hidden = true; });
      heading.append(about);
    }
    const body = make("div", {class: "body"});
    const section = make("section", {class: "panel", style: where}, heading, body);
    section.addEventListener("pointerleave", () => { tip.hidden = true; });
    for (const error of panel.errors || []) section.append(make("div", {class: "error"}, error));
    for (const remark of panel.remarks || []) section.append(make("div", {class: "remark"}, remark));
    if (panel.left_out) section.append(make("div", {class: "remark"}, `${panel.left_out} more series are not drawn`));
    if (panel.kind === "text") { const text = make("div", {class: "text", tabindex: "0"}); text.innerHTML = panel.html; body.append(text); }
    else if (panel.empty) body.append(make("div", {class: "none"}, (panel.errors || []).length ? "" : panel.empty));
    else if (drawn[panel.kind]) drawn[panel.kind](panel, body, marks);
    return section;
  }

  const byUid = Object.fromEntries(data.dashboards.map(each => [each.uid, each]));
  const nav = document.getElementById("nav"), main = document.getElementById("main");
  if (data.dashboards.length > 1) nav.append(...data.dashboards.map(each => make("a", {href: "#" + encodeURIComponent(each.uid)}, each.title)));

  function show() {
    const uid = decodeURIComponent(location.hash.slice(1));
    const one = byUid[uid] || data.dashboards[0];
    for (const link of nav.children) link.getAttribute("href") === "#" + encodeURIComponent(one.uid) ? link.setAttribute("aria-current", "page") : link.removeAttribute("aria-current");
    redraws = [];
    tip.hidden = true;
    document.title = one.title;
    const chosen = one.variables.map(each => `${each.label}: ${each.value}`).join(" · ");
    const marks = make("ul", {class: "marks"}, ...one.marks.slice(0, 12).map(mark => make("li", {}, make("span", {class: "swatch", style: "background:" + mark.color}), `${mark.name}: ${mark.text}, ${clock(mark.from)}`)), ...(one.marks.length > 12 ? [make("li", {}, `and ${one.marks.length - 12} more`)] : []));
    main.replaceChildren(
      make("header", {}, make("h1", {}, one.title), make("p", {}, one.description, chosen ? ` ${chosen}` : ""), one.marks.length ? marks : null),
      make("div", {class: "grid"}, ...one.panels.map(panel => panelOf(panel, one.marks))));
    for (const draw of redraws) draw();
  }
  const redraw = () => { for (const draw of redraws) draw(); };
  show();
  addEventListener("hashchange", () => { show(); scrollTo(0, 0); });
  addEventListener("resize", redraw);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);
}

if (typeof document !== "undefined") start(JSON.parse(document.getElementById("data").textContent), uPlot);
