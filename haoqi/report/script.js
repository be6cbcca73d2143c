// Both languages are in the page; this only chooses which of them is seen, and opens what paper cannot open.
(function () {
  var root = document.documentElement;
  function read(language) {
    root.setAttribute("data-language", language);
    root.lang = language === "zh" ? "zh-Hans" : "en";
  }
  if (!root.hasAttribute("data-chosen")) {
    read(/^zh/i.test(navigator.language || "") ? "zh" : "en");
  }
  document.querySelectorAll("[data-switch]").forEach(function (button) {
    button.hidden = false;
    button.addEventListener("click", function () {
      read(root.getAttribute("data-language") === "zh" ? "en" : "zh");
    });
  });
  var closed = [];
  window.addEventListener("beforeprint", function () {
    closed = Array.from(document.querySelectorAll("details:not([open])"));
    closed.forEach(function (one) { one.open = true; });
  });
  window.addEventListener("afterprint", function () {
    closed.forEach(function (one) { one.open = false; });
  });
})();
