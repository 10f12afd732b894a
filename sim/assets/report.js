// Draws the charts of a report from the JSON beside it. Nothing is loaded from anywhere.
(() => {
  "use strict";
  const D = JSON.parse(document.getElementById("data").textContent);
  const root = document.documentElement;
  const css = (name) => getComputedStyle(root).getPropertyValue("--" + name).trim();
  const alpha = (color, a) => {
    const n = parseInt(color.slice(1), 16);
    return `rgba(${n >> 16}, ${(n >> 8) & 255}, ${n & 255}, ${a})`;
  };
  const pad = (n) => String(n).padStart(2, "0");
  const T = D.t;
  const X = T.map((_, i) => i);
  const DAY = 86400;
  const clock = (s) => `${pad(Math.floor((s % DAY) / 3600))}:${pad(Math.floor((s % 3600) / 60))}:${pad(Math.floor(s % 60))}`;
  const moment = (i) => (D.days > 1 ? `day ${1 + Math.floor(T[i] / DAY)}, ` : "") + clock(T[i]);
  const group = (n) => n.toLocaleString("en-US");
  const short = (n) => {
    const a = Math.abs(n);
    return a >= 1e9 ? n / 1e9 + " bn" : a >= 1e6 ? n / 1e6 + " m" : a >= 1e4 ? n / 1e3 + " k" : group(n);
  };

  // Places on the time axis where a round time begins; samples are evenly spaced, pauses of the market take no room.
  const ROUND = [5, 10, 15, 30, 60, 120, 180, 300, 600, 900, 1800, 3600, 7200, 14400, DAY];
  const dayOf = (i) => Math.floor(T[i] / DAY);
  const timeSplits = (u, _axis, min, max) => {
    const room = Math.max(2, u.bbox.width / devicePixelRatio / 92);
    const near = (max - min) / (room * 1.25);
    const from = Math.max(0, Math.ceil(min)), to = Math.min(T.length - 1, Math.floor(max));
    const days = [];
    if (D.days > 1) for (let i = from; i <= to; i++) if (i === 0 || dayOf(i) !== dayOf(i - 1)) days.push(i);
    for (const step of ROUND) {
      const at = [];
      for (let i = from; i <= to; i++) {
        const starts = i === 0 ? T[0] % step < 1e-6 : Math.floor(T[i] / step) !== Math.floor(T[i - 1] / step);
        if (starts && days.every((day) => Math.abs(day - i) > near)) at.push(i);
      }
      const all = at.concat(days).sort((a, b) => a - b);
      if (all.length <= room && all.every((i, n) => n === 0 || i - all[n - 1] > near * .7)) return all;
    }
    return days.length ? days : [from, to];
  };
  const timeLabels = (_u, splits) => {
    let day = -1;
    return splits.map((i) => {
      const first = D.days > 1 && dayOf(i) !== day;
      day = dayOf(i);
      return first ? `day ${day + 1}\n${clock(T[i])}` : clock(T[i]);
    });
  };

  const font = "12px " + (getComputedStyle(document.body).fontFamily || "sans-serif");
  const axis = (more) => Object.assign({
    stroke: css("soft"), font, labelFont: font, labelSize: 18, labelGap: 2,
    grid: { stroke: css("grid"), width: 1 }, ticks: { show: false },
  }, more);
  const timeAxis = (more) => axis(Object.assign({ splits: timeSplits, values: timeLabels, size: D.days > 1 ? 46 : 30, gap: 6, grid: { show: false } }, more));
  // One width for the left axes, so that the same time stands at the same place in every chart.
  const SIDE = 86;
  const sync = { key: "time", setSeries: false, scales: ["x", null] };

  // What the shocks are called, as shaded stretches behind the curves.
  const shade = (named) => (u) => {
    const { ctx, bbox } = u;
    ctx.save();
    ctx.beginPath(); ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height); ctx.clip();
    D.shocks.forEach((s, n) => {
      const a = u.valToPos(s.from, "x", true), b = u.valToPos(s.to, "x", true);
      ctx.fillStyle = css("shade");
      ctx.fillRect(a, bbox.top, b - a, bbox.height);
      ctx.strokeStyle = alpha(css("faint"), .45); ctx.lineWidth = 1; ctx.setLineDash([2, 3]);
      ctx.beginPath(); ctx.moveTo(a, bbox.top); ctx.lineTo(a, bbox.top + bbox.height); ctx.stroke();
      if (named) {
        ctx.setLineDash([]);
        ctx.fillStyle = css("soft"); ctx.font = `${12 * devicePixelRatio}px ${font.slice(5)}`; ctx.textBaseline = "top"; ctx.textAlign = "left";
        ctx.fillText(s.name, a + 6 * devicePixelRatio, bbox.top + (7 + 16 * (n % 2)) * devicePixelRatio);
      }
    });
    ctx.restore();
  };

  const readout = (id, words) => (u) => {
    const i = u.cursor.idx, out = document.getElementById(id);
    if (out) out.textContent = i == null ? "" : words(i);
  };

  const charts = [];
  const onPaper = () => root.classList.contains("on-paper");
  const place = (id, height, options, data) => {
    const box = document.getElementById(id);
    box.textContent = "";
    const width = Math.max(280, box.clientWidth);
    if (onPaper()) height = Math.round(height * .74);
    const u = new uPlot(Object.assign({ width, height, legend: { show: false }, padding: [10, 26, 0, 0] }, options), data, box);
    charts.push([u, box, height]);
  };
  const cursor = { sync, points: { show: false }, drag: { x: true, y: false } };
  const xScale = { time: false, range: (_u, min, max) => [min, Math.max(max, min + 1)] };

  const price = () => {
    const S = D.series;
    const places = D.price_decimals;
    const all = S.mark.concat(S.up, S.down).filter((v) => v != null);
    const near = S.mark.reduce((r, v) => [Math.min(r[0], v), Math.max(r[1], v)], [Infinity, -Infinity]);
    // The band is drawn to scale if the market came near it; else only as far as it helps.
    const whole = [Math.min(...all), Math.max(...all)];
    const reach = near[1] - near[0] || 1;
    const low = near[0] - whole[0] < reach * 1.2 ? whole[0] : near[0];
    const high = whole[1] - near[1] < reach * 1.2 ? whole[1] : near[1];
    const margin = (high - low) * .05 || 1;
    const biggest = D.fills.reduce((m, f) => Math.max(m, f[2]), 1);
    const fills = (u) => {
      const { ctx, bbox } = u, R = 11 * devicePixelRatio;
      ctx.save();
      ctx.beginPath(); ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height); ctx.clip();
      for (const [x, p, lots, side] of D.fills) {
        const color = css(side < 0 ? "sell" : "buy");
        ctx.beginPath();
        ctx.arc(u.valToPos(x, "x", true), u.valToPos(p, "y", true), Math.max(1.6 * devicePixelRatio, R * Math.sqrt(lots / biggest)), 0, 7);
        ctx.fillStyle = alpha(color, .30); ctx.fill();
        ctx.strokeStyle = alpha(color, .75); ctx.lineWidth = devicePixelRatio * .8; ctx.stroke();
      }
      ctx.restore();
    };
    place("chart-price", 360, {
      cursor, scales: { x: xScale, y: { range: [low - margin, high + (D.shocks.length ? 3.2 : 1) * margin] } },
      axes: [timeAxis(), axis({ label: "price", size: SIDE, values: (_u, s) => s.map((v) => v.toLocaleString("en-US", { maximumFractionDigits: places })) })],
      series: [{}, { stroke: css("band"), width: 1.4, dash: [6, 4], points: { show: false } }, { stroke: css("band"), width: 1.4, dash: [6, 4], points: { show: false } },
        { stroke: css("mark"), width: 1.7, points: { show: false } }],
      hooks: { drawAxes: [shade(true), fills], setCursor: [readout("read-price", (i) => `${moment(i)}   mark ${S.mark[i].toFixed(places)}`)] },
    }, [X, S.up, S.down, S.mark]);
  };

  const root2 = (v) => Math.sign(v) * Math.sqrt(Math.abs(v)), square = (v) => Math.sign(v) * v * v;
  const top = (column) => Math.max(10, ...column) * 1.08;
  // Round numbers that are far enough apart once their roots are drawn.
  const rootSplits = (min, max) => {
    const far = (root2(max) - root2(min)) / 7, out = [0];
    for (const sign of [1, -1]) {
      let last = 0;
      for (let ten = 1; ten < 1e9; ten *= 10) for (const digit of [1, 2, 5]) {
        const v = digit * ten;
        if (Math.sqrt(v) - last >= far && sign * v <= max && sign * v >= min) { out.push(sign * v); last = Math.sqrt(v); }
      }
    }
    return out.sort((a, b) => a - b);
  };
  const depth = () => {
    const S = D.series;
    place("chart-depth", 210, {
      // Square roots, so that a queue at the limit price does not flatten everything else.
      cursor, scales: { x: xScale, y: { distr: 100, fwd: root2, bwd: square, range: [-top(S.ask_depth), top(S.bid_depth)] } },
      axes: [timeAxis(), axis({ label: "asks    lots    bids", size: SIDE, splits: (_u, _a, min, max) => rootSplits(min, max), filter: (_u, s) => s, values: (_u, s) => s.map((v) => group(Math.abs(v))) })],
      series: [{}, { stroke: css("bid"), fill: alpha(css("bid"), .28), width: 1.2, points: { show: false } },
        { stroke: css("ask"), fill: alpha(css("ask"), .28), width: 1.2, points: { show: false } }],
      hooks: { drawAxes: [shade(false)], setCursor: [readout("read-depth", (i) => `${moment(i)}   bids ${group(S.bid_depth[i])}   asks ${group(S.ask_depth[i])}`)] },
    }, [X, S.bid_depth, S.ask_depth.map((v) => -v)]);
  };

  const cases = () => {
    const S = D.series;
    const open = S.working.map((v, i) => v + S.parked[i]);
    const step = uPlot.paths.stepped({ align: 1 });
    place("chart-cases", 170, {
      cursor, scales: { x: xScale, y: { range: (_u, _min, max) => [0, Math.max(4, max * 1.06)] } },
      axes: [timeAxis(), axis({ label: "open cases", size: SIDE })],
      series: [{}, { stroke: css("parked"), fill: alpha(css("parked"), .75), width: 0, paths: step, points: { show: false } },
        { stroke: css("working"), fill: css("working"), width: 0, paths: step, points: { show: false } }],
      hooks: { drawAxes: [shade(false)], setCursor: [readout("read-cases", (i) => `${moment(i)}   working ${group(S.working[i])}   parked ${group(S.parked[i])}`)] },
    }, [X, open, S.working]);
  };

  // One row a case: when it worked, when it waited, when it traded, how it ended.
  const timeline = () => {
    const rows = D.cases.length, box = document.getElementById("chart-timeline");
    if (!rows) { box.previousElementSibling.remove(); box.remove(); return; }
    const px = Math.max(5, Math.min(9, 640 / rows)), gap = 2.2;
    let y = 0;
    const groups = D.groups.map((g) => { const from = y + gap; y = from + g.shown; return Object.assign({ from, to: y }, g); });
    const height = (y + gap) * px;
    let row = 0;
    const at = [];
    for (const g of groups) for (let n = 0; n < g.shown; n++) at[row++] = g.from + n;
    const draw = (u) => {
      const { ctx, bbox } = u, dpr = devicePixelRatio;
      const px1 = (v) => u.valToPos(v, "x", true), py = (v) => u.valToPos(-v, "y", true);
      const h = Math.abs(py(1) - py(0));
      ctx.save();
      ctx.beginPath(); ctx.rect(bbox.left, bbox.top, bbox.width + 8 * dpr, bbox.height); ctx.clip();
      for (const g of groups) {
        ctx.strokeStyle = css("grid"); ctx.lineWidth = 1;
        ctx.beginPath(); ctx.moveTo(bbox.left, py(g.to + gap / 2)); ctx.lineTo(bbox.left + bbox.width, py(g.to + gap / 2)); ctx.stroke();
      }
      D.cases.forEach((c, n) => {
        const top = py(at[n]) + h * .14, tall = h * .72, mid = top + tall / 2;
        for (const [a, b, parked] of c.spans) {
          ctx.fillStyle = parked ? css("parked") : alpha(css("working"), .8);
          ctx.fillRect(px1(a), parked ? top + tall * .2 : top, Math.max(dpr, px1(b) - px1(a)), parked ? tall * .6 : tall);
        }
        ctx.fillStyle = css("fill");
        for (const x of c.fills) ctx.fillRect(px1(x) - dpr * .6, top - h * .06, dpr * 1.3, tall + h * .12);
        const color = { restored: "restored", closed: "closed", waterfall: "waterfall" }[c.end];
        if (color) {
          ctx.fillStyle = css(color);
          ctx.beginPath(); ctx.arc(px1(c.ended), mid, Math.max(2.3 * dpr, tall * .5), 0, 7); ctx.fill();
        }
      });
      ctx.restore();
    };
    place("chart-timeline", Math.round(height + 42), {
      cursor, scales: { x: xScale, y: { range: [-(y + gap), 0] } },
      axes: [timeAxis({ grid: { show: true, stroke: css("grid"), width: 1 } }), axis({
        size: SIDE + 18, gap: 8, grid: { show: false }, splits: () => groups.map((g) => -(g.from + g.to) / 2),
        values: () => groups.map((g) => `${g.name}\n${group(g.shown)} of ${group(g.of)}`),
      })],
      series: [{}, { stroke: "transparent", points: { show: false } }],
      hooks: { drawAxes: [shade(false)], draw: [draw] },
    }, [X, X.map(() => null)]);
  };

  const equity = () => {
    const E = D.equity, x = E.labels.map((_, i) => i);
    const bars = (align) => uPlot.paths.bars({ size: [.42, 60], align, radius: .12 });
    place("chart-equity", 270, {
      cursor: { points: { show: false }, drag: { x: false, y: false }, x: false, y: false },
      scales: { x: { time: false, range: [-.6, x.length - .4] }, y: { range: (_u, _min, max) => [0, max * 1.06] } },
      axes: [axis({ splits: () => x, values: (u) => E.labels.map((l, i) => (u.width < 440 && i % 2 ? "" : l.replace(" ", "\n"))), grid: { show: false }, size: 52, gap: 6, label: "equity, " + D.currency, font: "11px " + font.slice(5) }),
        axis({ label: "accounts", size: 56 })],
      series: [{}, { stroke: css("before"), fill: css("before"), width: 0, paths: bars(-1), points: { show: false } },
        { stroke: css("after"), fill: css("after"), width: 0, paths: bars(1), points: { show: false } }],
      hooks: { setCursor: [readout("read-equity", (i) => `${E.labels[i]}: ${group(E.before[i])} before, ${group(E.after[i])} after`)] },
    }, [x, E.before, E.after]);
  };

  const build = () => {
    for (const [u] of charts.splice(0)) u.destroy();
    price(); depth(); cases(); timeline(); equity();
  };
  build();
  let pending = 0;
  addEventListener("resize", () => {
    cancelAnimationFrame(pending);
    pending = requestAnimationFrame(() => {
      for (const [u, box, height] of charts) u.setSize({ width: Math.max(280, box.clientWidth), height });
    });
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", build);
  addEventListener("beforeprint", () => { root.classList.add("on-paper"); build(); });
  addEventListener("afterprint", () => { root.classList.remove("on-paper"); build(); });
})();
