// Builds web/dist: one script, one early theme script, one stylesheet, fonts, icons.
// The server embeds that folder whole and serves it under /assets/.
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const dist = join(here, "dist");
const modules = join(here, "node_modules");

/** Fonts for pages (woff2) and for typeset reports (ttf), all under the SIL Open Font Licence. */
const scripts = ["latin", "latin-ext", "greek", "cyrillic", "cyrillic-ext", "vietnamese"];
const monoScripts = scripts.filter((name) => name !== "greek");
const fonts = [
  ...scripts.map((name) => [
    `@fontsource-variable/ibm-plex-sans/files/ibm-plex-sans-${name}-wght-normal.woff2`,
    `ibm-plex-sans-${name}.woff2`,
  ]),
  ...monoScripts.flatMap((name) =>
    ["400", "600"].map((weight) => [
      `@fontsource/ibm-plex-mono/files/ibm-plex-mono-${name}-${weight}-normal.woff2`,
      `ibm-plex-mono-${name}-${weight}.woff2`,
    ]),
  ),
  ...[
    ["400Regular", "Regular"],
    ["400Regular_Italic", "Italic"],
    ["600SemiBold", "SemiBold"],
    ["600SemiBold_Italic", "SemiBoldItalic"],
  ].map(([folder, style]) => [
    `@expo-google-fonts/ibm-plex-sans/${folder}/IBMPlexSans_${folder}.ttf`,
    `IBMPlexSans-${style}.ttf`,
  ]),
  ...[
    ["400Regular", "Regular"],
    ["600SemiBold", "SemiBold"],
  ].map(([folder, style]) => [
    `@expo-google-fonts/ibm-plex-mono/${folder}/IBMPlexMono_${folder}.ttf`,
    `IBMPlexMono-${style}.ttf`,
  ]),
  ["@fontsource-variable/ibm-plex-sans/LICENSE", "IBM-Plex-LICENSE.txt"],
];

/** `unicode-range` of each subset comes from the font package itself, so it never drifts from the files. */
async function fontFaces() {
  const rangesOf = async (file) => {
    const css = await readFile(join(modules, file), "utf8");
    const ranges = new Map();
    for (const [, name, , range] of css.matchAll(
      /url\(\.\/files\/ibm-plex-(?:sans|mono)-([a-z-]+?)-(wght|\d+)-normal\.woff2\)[^}]*?unicode-range:\s*([^;}]+)/g,
    )) {
      ranges.set(name, range.trim());
    }
    return ranges;
  };
  const sans = await rangesOf("@fontsource-variable/ibm-plex-sans/wght.css");
  const mono = await rangesOf("@fontsource/ibm-plex-mono/400.css");
  const face = (family, weight, file, range) => {
    if (!range) throw new Error(`no unicode-range found for ${file}: the font package has changed its stylesheet`);
    return `@font-face{font-family:"${family}";font-style:normal;font-display:swap;font-weight:${weight};src:url(fonts/${file}) format("woff2");unicode-range:${range}}`;
  };
  return [
    ...scripts.map((name) => face("Plex Sans", "100 700", `ibm-plex-sans-${name}.woff2`, sans.get(name))),
    ...monoScripts.flatMap((name) =>
      ["400", "600"].map((weight) =>
        face("Plex Mono", weight, `ibm-plex-mono-${name}-${weight}.woff2`, mono.get(name)),
      ),
    ),
  ].join("\n");
}

async function copyStatic() {
  await mkdir(join(dist, "fonts"), { recursive: true });
  for (const [from, to] of fonts) await cp(join(modules, from), join(dist, "fonts", to));
  for (const name of ["icons.svg", "favicon.svg"]) await cp(join(here, "static", name), join(dist, name));
}

const shared = {
  bundle: true,
  minify: true,
  sourcemap: false,
  legalComments: "eof",
  logLevel: "info",
  target: ["chrome123", "firefox121", "safari17.5"],
};

const faces = await fontFaces();
const script = {
  ...shared,
  entryPoints: { app: join(here, "src/app.ts"), theme: join(here, "src/theme-early.ts") },
  format: "iife",
  outdir: dist,
};
const style = {
  ...shared,
  entryPoints: { app: join(here, "styles/index.css") },
  external: ["fonts/*"],
  banner: { css: faces },
  outdir: dist,
};

await rm(dist, { recursive: true, force: true });
await copyStatic();
if (process.argv.includes("--watch")) {
  for (const options of [script, style]) await (await esbuild.context(options)).watch();
} else {
  await Promise.all([esbuild.build(script), esbuild.build(style)]);
  const list = fonts.map(([, to]) => `fonts/${to}`);
  await writeFile(
    join(dist, "assets.txt"),
    ["app.css", "app.js", "theme.js", "icons.svg", "favicon.svg", ...list].join("\n") + "\n",
  );
}
