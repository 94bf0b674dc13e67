// Times, lengths and elements, as the page writes them.

export function clock(seconds, digits = 0) {
  const scale = 10 ** digits;
  const all = Math.round(seconds * scale);
  const whole = Math.floor(all / scale);
  const part = digits && all % scale ? `.${String(all % scale).padStart(digits, "0")}` : "";
  const two = (n) => String(n).padStart(2, "0");
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return (hours ? `${hours}:${two(minutes)}` : String(minutes)) + `:${two(rest)}${part}`;
}

export function length(seconds) {
  if (seconds < 120) return `${Math.round(seconds * 10) / 10} s`;
  const minutes = Math.floor(Math.round(seconds) / 60);
  if (minutes < 60) return `${minutes} min ${Math.round(seconds) % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== false) made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

export function dot(colour) {
  const made = element("span", { class: "dot", "aria-hidden": "true" });
  made.style.background = colour;
  return made;
}

export function save(blobOrUrl, name) {
  const url = typeof blobOrUrl === "string" ? blobOrUrl : URL.createObjectURL(blobOrUrl);
  const link = element("a", { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  if (typeof blobOrUrl !== "string") setTimeout(() => URL.revokeObjectURL(url), 1000);
}
