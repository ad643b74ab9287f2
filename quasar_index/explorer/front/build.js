// Builds ../page (index.html, icon.svg, app.js, app.css) from src/, or into the folder that is named: node build.js [FOLDER]
import { copyFile, mkdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = resolve(process.argv[2] ?? join(here, "..", "page"));

await mkdir(out, { recursive: true });
await build({
  absWorkingDir: here,
  entryPoints: { app: "src/main.js" },
  outdir: out,
  bundle: true,
  minify: true,
  format: "esm",
  target: ["chrome123", "firefox121", "safari17.5"], // light-dark() of style sheets
  charset: "utf8",
  legalComments: "none", // NOTICE stands beside the bundle
  logLevel: "warning",
});
await build({
  absWorkingDir: here,
  entryPoints: { app: "src/app.css" },
  outdir: out,
  bundle: true,
  minify: true,
  charset: "utf8",
  target: ["chrome123", "firefox121", "safari17.5"],
  logLevel: "warning",
});
for (const name of ["index.html", "icon.svg", "NOTICE"]) await copyFile(join(here, "src", name), join(out, name));
