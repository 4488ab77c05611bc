(function () {
  "use strict";
  const WIDTH = 1200, PARTS = 1e6, CHARACTER = 6.7;

  function start(svg) {
    svg.setAttribute("data-ready", "");
    const nodes = Array.from(svg.querySelectorAll(".calls > g"));
    const calls = nodes.map(function (node, at) {
      const text = node.querySelector("title").textContent;
      const cut = text.indexOf("\n");
      return {
        at: at, node: node, rect: node.querySelector("rect"), text: node.querySelector("text"),
        name: text.slice(0, cut), value: text.slice(cut + 1),
        x: +node.getAttribute("data-x"), w: +node.getAttribute("data-w"), level: +node.getAttribute("data-l")
      };
    });
    if (calls.length === 0) { return; }
    const byNode = new Map(calls.map(function (call) { return [call.node, call]; }));
    const details = svg.querySelector(".details");
    const input = svg.querySelector("input");
    const output = svg.querySelector("output");
    let current = calls[0];
    let zoomed = calls[0];

    function away(call) { return call.node.classList.contains("away"); }

    // The calls stand in the order of a walk, so a caller is the nearest one before with a lower level.
    function caller(call) {
      let at = call.at - 1;
      while (at >= 0 && calls[at].level >= call.level) { at -= 1; }
      return at >= 0 ? calls[at] : null;
    }
    function firstCall(call) {
      for (let at = call.at + 1; at < calls.length && calls[at].level > call.level; at += 1) {
        if (calls[at].level === call.level + 1 && !away(calls[at])) { return calls[at]; }
      }
      return null;
    }
    function sibling(call, step) {
      for (let at = call.at + step; at >= 0 && at < calls.length; at += step) {
        if (calls[at].level < call.level) { return null; }
        if (calls[at].level === call.level && !away(calls[at])) { return calls[at]; }
      }
      return null;
    }

    function show(call) {
      details.textContent = call ? call.name + ": " + call.value : "";
    }

    function focus(call) {
      if (!call) { return; }
      current.node.setAttribute("tabindex", "-1");
      current = call;
      current.node.setAttribute("tabindex", "0");
      current.node.focus();
    }

    function draw(call, left, width) {
      call.rect.setAttribute("x", left.toFixed(2));
      call.rect.setAttribute("width", Math.max(width, 0.1).toFixed(2));
      call.text.setAttribute("x", (left + 3).toFixed(2));
      const room = Math.floor((width - 6) / CHARACTER);
      const name = Array.from(call.name);
      call.text.textContent = room < 3 ? "" : name.length <= room ? call.name : name.slice(0, room - 1).join("") + "…";
    }

    function zoom(target) {
      zoomed = target;
      const end = target.x + target.w;
      calls.forEach(function (call) {
        const below = call.at >= target.at && call.x >= target.x && call.x < end && call.level >= target.level;
        const above = call.at < target.at && call.level < target.level && call.x <= target.x && call.x + call.w >= end - 1;
        call.node.classList.toggle("away", !below && !above);
        call.node.classList.toggle("above", above);
        if (above) { draw(call, 0, WIDTH); }
        if (below) { draw(call, (call.x - target.x) / target.w * WIDTH, call.w / target.w * WIDTH); }
      });
    }

    function matcher(text) {
      if (text === "") { return null; }
      const pattern = /^\/(.+)\/$/.exec(text);
      if (pattern) {
        try {
          const expression = new RegExp(pattern[1]);
          return function (name) { return expression.test(name); };
        } catch (_) {
          return function (name) { return name.includes(pattern[1]); };
        }
      }
      const lower = text.toLowerCase();
      return function (name) { return name.toLowerCase().includes(lower); };
    }

    function search() {
      const matches = matcher(input.value);
      let count = 0, covered = 0, until = -1;
      calls.forEach(function (call) {
        const found = matches !== null && matches(call.name);
        call.node.classList.toggle("found", found);
        if (!found) { return; }
        count += 1;
        // Calls below one that counts already are within it.
        if (call.x >= until) {
          covered += call.w;
          until = call.x + call.w;
        }
      });
      output.textContent = matches === null ? "" :
        count + (count === 1 ? " call, " : " calls, ") + (covered / PARTS * 100).toFixed(2) + " % of the width";
    }

    function reset() {
      input.value = "";
      search();
      zoom(calls[0]);
    }

    const of = function (event) { return byNode.get(event.target.closest(".calls > g")); };
    const area = svg.querySelector(".calls");
    area.addEventListener("click", function (event) {
      const call = of(event);
      if (call) { focus(call); zoom(call === zoomed ? caller(call) || call : call); }
    });
    area.addEventListener("mouseover", function (event) { show(of(event)); });
    area.addEventListener("mouseout", function () { show(null); });
    area.addEventListener("focusin", function (event) { show(of(event)); });
    area.addEventListener("keydown", function (event) {
      const call = of(event);
      const act = {
        ArrowUp: function () { focus(caller(call)); },
        ArrowDown: function () { focus(firstCall(call)); },
        ArrowLeft: function () { focus(sibling(call, -1)); },
        ArrowRight: function () { focus(sibling(call, 1)); },
        Enter: function () { zoom(call); },
        " ": function () { zoom(call); },
        Escape: function () { reset(); focus(calls[0]); },
        "/": function () { input.focus(); }
      }[event.key];
      if (call && act) { event.preventDefault(); act(); }
    });
    input.addEventListener("input", search);
    input.addEventListener("keydown", function (event) {
      if (event.key === "Escape") { reset(); }
    });
    svg.querySelector("button").addEventListener("click", reset);
    calls[0].node.setAttribute("tabindex", "0");
  }

  document.querySelectorAll("svg.flame:not([data-ready])").forEach(start);
})();
