// SPDX-License-Identifier: MPL-2.0
// See tools/audit_page_check.
"use strict";
const fs = require("fs");
const path = require("path");
const { pathToFileURL } = require("url");

const WIDTHS = { desktop: 1280, phone: 390 };
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

// Sorts the table of frames by its last column, both ways, and filters it by the first word of a row; by keyboard.
async function sortAndFilter(page, findings) {
  const rows = "#frame-table tbody tr";
  const order = () => page.$$eval(rows, (all) => all.map((row) => row.lastElementChild.dataset.v));
  const numbers = (values) => values.filter((value) => value !== "").map(Number);
  const before = await order();
  if (!before.length) return;
  if (!(await page.$("#frame-table thead button"))) return findings.push("its script does not run");
  for (const sign of [1, -1]) {
    await page.focus("#frame-table thead th:last-child button");
    await page.keyboard.press("Enter");
    const after = numbers(await order());
    const wrong = after.some((value, at) => at && sign * value < sign * after[at - 1]);
    if (wrong || after.length !== numbers(before).length) findings.push("a sorted column is not in order");
  }
  if (!(await page.$("#frames .filter"))) return;
  const word = (await page.$eval(`${rows} th`, (cell) => cell.textContent.trim().split(/\s+/)[0])).toLowerCase();
  await page.type("#frames .filter input", word);
  const shown = await page.$$eval(`${rows}:not([hidden])`, (all) => all.map((row) => row.textContent.toLowerCase()));
  if (!shown.length || !shown.every((text) => text.includes(word))) findings.push(`a filter by ${word} shows others`);
  const said = await page.$eval("#frames .filter output", (output) => output.textContent);
  if (said !== `${shown.length} of ${before.length}`) findings.push(`of ${shown.length} rows it says: ${said}`);
}

// All that the page says, with and without its script.
async function words(browser, file, script) {
  const page = await browser.newPage();
  await page.setJavaScriptEnabled(script);
  await page.goto(pathToFileURL(file).href);
  const text = await page.$$eval("main tbody tr", (all) => all.map((row) => row.textContent.trim()));
  await page.close();
  return text.join("\n");
}

async function look(browser, axe, file, width, scheme) {
  const findings = [];
  const page = await browser.newPage();
  page.on("pageerror", (error) => findings.push(`script error: ${error.message}`));
  page.on("console", (said) => {
    if (said.type() === "error") findings.push(`console: ${said.text()}`);
  });
  page.on("request", (request) => {
    if (!/^(file|data):/.test(request.url())) findings.push(`loads ${request.url()}`);
  });
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  await page.setViewport({ width: WIDTHS[width], height: 900, deviceScaleFactor: 1, isMobile: width === "phone" });
  await page.goto(pathToFileURL(file).href);
  const shot = file.replace(/\.html$/, `-${width}-${scheme}.png`);
  await page.screenshot({ path: shot, fullPage: true });
  // What is folded away is checked too.
  await page.evaluate(() => document.querySelectorAll("details").forEach((one) => (one.open = true)));
  // A phone widens its window to what overflows.
  const wide = (await page.evaluate(() => document.documentElement.scrollWidth)) - WIDTHS[width];
  if (wide > 0) findings.push(`the page is ${wide} px wider than its window`);
  await page.evaluate(axe);
  const result = await page.evaluate((rules) => window.axe.run(document, { runOnly: rules }), RULES);
  for (const { id, help, nodes } of result.violations) {
    findings.push(`axe ${id}: ${help} (${nodes.length}), first: ${nodes[0].html.slice(0, 120)} ${nodes[0].any.map((one) => one.message).join("; ").slice(0, 200)}`);
  }
  await sortAndFilter(page, findings);
  const unsure = result.incomplete.map(({ id, nodes }) => `${id} (${nodes.length})`);
  await page.close();
  return { findings, passes: result.passes.length, unsure, shot };
}

async function main(files) {
  const puppeteer = require("puppeteer-core");
  const axe = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
  // No sandbox: it cannot be had as root, and the pages are our own.
  const browser = await puppeteer.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox"] });
  let found = 0;
  for (const file of files.map((file) => path.resolve(file))) {
    if ((await words(browser, file, true)) !== (await words(browser, file, false))) {
      found += 1;
      console.log(`${path.basename(file)}: without its script the page says something else`);
    }
    for (const width of Object.keys(WIDTHS)) {
      for (const scheme of ["light", "dark"]) {
        const { findings, passes, unsure, shot } = await look(browser, axe, file, width, scheme);
        found += findings.length;
        console.log(`${path.basename(file)} ${width} ${scheme}: ${passes} rules pass, ${findings.length} findings${unsure.length ? `, undecided: ${unsure.join(", ")}` : ""}; ${shot}`);
        findings.forEach((finding) => console.log(`  ${finding}`));
      }
    }
  }
  await browser.close();
  process.exitCode = found ? 1 : 0;
}

main(process.argv.slice(2)).catch((error) => {
  console.error(error);
  process.exitCode = 2;
});
