// A headless Chromium, light or dark, wide or narrow, with scripts or without.
import { createRequire } from "node:module";
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";

import { Browser, Builder, By } from "selenium-webdriver";
import chrome from "selenium-webdriver/chrome.js";

const AXE = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
/** Where pictures are kept, if they are wanted. */
const PICTURES = process.env.KEYFOB_PICTURES;

export const WIDTHS = [360, 1280];
export const THEMES = ["light", "dark"];

/** Where a program is installed. The driver's library would look for one elsewhere. */
function installed(program) {
  const places = process.env.PATH.split(delimiter).map((folder) => join(folder, program));
  const found = places.find((place) => existsSync(place));
  if (!found) throw new Error(`${program} is not installed`);
  return found;
}

/** Whether the driver says that an element's page has gone: while the next one comes, in other words than afterwards. */
function isGone(error) {
  return error.name === "StaleElementReferenceError" || error.message.includes("does not belong to the document");
}

/** What this gives, or something else if the page goes meanwhile. */
async function unlessGone(given, otherwise) {
  try {
    return await given();
  } catch (error) {
    if (isGone(error)) return otherwise;
    throw error;
  }
}

/** Opens a browser without cookies. */
export async function openBrowser({ scripts = true } = {}) {
  const options = new chrome.Options();
  options.addArguments("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--hide-scrollbars");
  options.setChromeBinaryPath(installed("chromium"));
  const service = new chrome.ServiceBuilder(installed("chromedriver"));
  if (process.env.KEYFOB_DRIVER_PORT) service.setPort(Number(process.env.KEYFOB_DRIVER_PORT));
  const driver = await new Builder().forBrowser(Browser.CHROME).setChromeOptions(options).setChromeService(service).build();
  if (!scripts) await driver.sendDevToolsCommand("Emulation.setScriptExecutionDisabled", { value: true });
  const page = new Page(driver);
  await page.look("light", 1280);
  return page;
}

/** A page as a person uses it: what they see and type has the names that they know it by. */
export class Page {
  constructor(driver) {
    this.driver = driver;
  }

  async open(address) {
    await this.driver.get(address);
  }

  async path() {
    const { pathname, search } = new URL(await this.driver.getCurrentUrl());
    return pathname + search;
  }

  /** The theme of the system, and the width of the window. */
  async look(theme, width) {
    const features = [{ name: "prefers-color-scheme", value: theme }];
    await this.driver.sendDevToolsCommand("Emulation.setEmulatedMedia", { features });
    const metrics = { width, height: 900, deviceScaleFactor: 1, mobile: false };
    await this.driver.sendDevToolsCommand("Emulation.setDeviceMetricsOverride", metrics);
  }

  /** The text that is seen. */
  async text() {
    return this.driver.findElement(By.css("body")).getText();
  }

  async find(css) {
    return this.driver.findElement(By.css(css));
  }

  async all(css) {
    return this.driver.findElements(By.css(css));
  }

  /** Types into the field with this label. */
  async type(label, text) {
    const field = await this.field(label);
    await field.clear();
    await field.sendKeys(text);
  }

  /** The field with this label. */
  async field(label) {
    const found = await this.driver.findElement(By.xpath(`//label[normalize-space()="${label}"]`));
    return this.driver.findElement(By.id(await found.getAttribute("for")));
  }

  /** Ticks the box with this value. */
  async tick(value) {
    await (await this.find(`input[type=checkbox][value="${value}"]`)).click();
  }

  async isTicked(value) {
    return (await this.find(`input[type=checkbox][value="${value}"]`)).isSelected();
  }

  /** Unfolds what is under this summary. */
  async unfold(title) {
    await (await this.driver.findElement(By.xpath(`//summary[starts-with(normalize-space(), "${title} ")]`))).click();
  }

  /** Presses the button, or follows the link, that says this; a new page comes of it. */
  async press(words) {
    const body = await this.find("body");
    const named = `//*[self::button or self::a][normalize-space()="${words}"]`;
    const found = await this.driver.findElements(By.xpath(named));
    for (const element of found) {
      if (!(await element.isDisplayed())) continue;
      await element.click();
      await this.driver.wait(() => unlessGone(async () => !(await body.getTagName()), true), 10000);
      return;
    }
    throw new Error(`there is no "${words}" on ${await this.path()}: ${await this.text()}`);
  }

  /** Waits until the page shows this text. */
  async shows(text) {
    const seen = () => unlessGone(async () => (await this.text()).includes(text), false);
    await this.driver.wait(seen, 10000, `"${text}" is not shown`);
  }

  /** What axe-core finds wrong with the page, by its default rules. */
  async violations() {
    await this.driver.executeScript(AXE);
    const { violations } = await this.driver.executeAsyncScript("axe.run().then(arguments[0])");
    return violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((node) => node.html).join("; ")}`);
  }

  /** A picture of the whole page. */
  async picture(name, theme, width) {
    if (!PICTURES) return;
    await mkdir(PICTURES, { recursive: true });
    const { data } = await this.driver.sendAndGetDevToolsCommand("Page.captureScreenshot", { captureBeyondViewport: true });
    await writeFile(join(PICTURES, `${name}-${width}-${theme}.png`), Buffer.from(data, "base64"));
  }

  /** How much wider the page is than its window. */
  async overflow() {
    return this.driver.executeScript("return document.documentElement.scrollWidth - document.documentElement.clientWidth");
  }

  async close() {
    await this.driver.quit();
  }
}
