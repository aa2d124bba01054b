/** @file PyTorch's table of a profile, to the character. */
import { shapeText } from "../core/shape.ts";
import type { FunctionEvent, FunctionEventAvg, TableOptions } from "./events.ts";

type Row = FunctionEvent | FunctionEventAvg;

const WIDTH = 12;
const GAP = "  ";

/** @param rows - sorted */
export function buildTable(rows: readonly Row[], withMemory: boolean, options: TableOptions): string {
  if (rows.length === 0) return "";
  const { rowLimit = 100, maxNameColumnWidth = 55, maxShapesColumnWidth = 80 } = options;
  const { header = null, topLevelEventsOnly = false } = options;
  const withShapes = rows.some(({ inputShapes }) => inputShapes.length > 0);
  const longest = (texts: readonly string[], most: number | null) =>
    Math.min(Math.max(...texts.map((text) => text.length)) + 4, most ?? Number.POSITIVE_INFINITY);
  const nameWidth = longest(
    rows.map(({ key }) => key),
    maxNameColumnWidth,
  );
  const shapesWidth = longest(rows.map(shapesOf), maxShapesColumnWidth);
  const total = rows.reduce((sum, { selfCpuTimeTotal }) => sum + selfCpuTimeTotal, 0);

  const headers = ["Name", "Self CPU %", "Self CPU", "CPU total %", "CPU total", "CPU time avg"];
  if (withMemory) headers.push("CPU Mem", "Self CPU Mem");
  headers.push("# of Calls");
  if (withShapes) headers.push("Input Shapes");
  const widths = headers.map((_, i) =>
    i === 0 ? nameWidth : withShapes && i === headers.length - 1 ? shapesWidth : WIDTH,
  );
  const line = (cells: readonly string[]) => cells.map((cell, i) => cell.padStart(widths[i] as number) + GAP).join("");

  const lines: string[] = [];
  const double = "=".repeat(widths.reduce((sum, width) => sum + width + GAP.length, -GAP.length));
  if (header !== null) lines.push(double, header);
  if (topLevelEventsOnly) lines.push(double, "This report only display top-level ops statistics");
  const rule = line(widths.map((width) => "-".repeat(width)));
  lines.push(rule, line(headers), rule);
  const shown = topLevelEventsOnly ? rows.filter(({ cpuParent }) => cpuParent === null) : rows;
  for (const row of rowLimit < 0 ? shown : shown.slice(0, rowLimit)) {
    const cells = [
      shortened(row.key, maxNameColumnWidth),
      shareText(row.selfCpuTimeTotal, total),
      timeText(row.selfCpuTimeTotal),
      shareText(row.cpuTimeTotal, total),
      timeText(row.cpuTimeTotal),
      timeText(row.cpuTime),
    ];
    if (withMemory) cells.push(memoryText(row.cpuMemoryUsage), memoryText(row.selfCpuMemoryUsage));
    cells.push(String(row.count));
    if (withShapes) cells.push(shapesOf(row).slice(0, shapesWidth));
    lines.push(line(cells));
  }
  lines.push(rule, `Self CPU time total: ${timeText(total)}`, "");
  return lines.join("\n");
}

const shapesOf = ({ inputShapes }: Row): string => `[${inputShapes.map(shapeText).join(", ")}]`;

function shortened(name: string, most: number | null): string {
  return most !== null && name.length >= most - 3 ? `${name.slice(0, most - 3)}...` : name;
}

function timeText(us: number): string {
  if (us >= 1e6) return `${(us / 1e6).toFixed(3)}s`;
  return us >= 1e3 ? `${(us / 1e3).toFixed(3)}ms` : `${us.toFixed(3)}us`;
}

const shareText = (us: number, total: number): string => (total === 0 ? "NaN" : `${((us * 100) / total).toFixed(2)}%`);

function memoryText(bytes: number): string {
  for (const [unit, scale] of [
    ["Gb", 2 ** 30],
    ["Mb", 2 ** 20],
    ["Kb", 2 ** 10],
  ] as const)
    if (Math.abs(bytes) >= scale) return `${(bytes / scale).toFixed(2)} ${unit}`;
  return `${bytes} b`;
}
