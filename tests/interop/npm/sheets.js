'use strict';
// Writes the sheet that stdin describes: {file, options, rows, merged}. A cell is a text, a number,
// true, null, {serial: days of 1900, format: ...} for a date, or {formula: ..., value: ...}.

const xlsx = require('xlsx');

const order = JSON.parse(require('fs').readFileSync(0, 'utf-8'));
const sheet = {};
order.rows.forEach(function (row, r) {
  row.forEach(function (cell, c) {
    if (cell !== null) sheet[xlsx.utils.encode_cell({r: r, c: c})] = written(cell);
  });
});
sheet['!ref'] = xlsx.utils.encode_range({
  s: {r: 0, c: 0}, e: {r: order.rows.length - 1, c: order.rows[0].length - 1},
});
sheet['!merges'] = (order.merged || []).map(xlsx.utils.decode_range);
const book = xlsx.utils.book_new();
xlsx.utils.book_append_sheet(book, sheet, 'Лист1');
xlsx.writeFile(book, order.file, order.options);

function written(cell) {
  if (typeof cell === 'boolean') return {t: 'b', v: cell};
  if (typeof cell === 'number') return {t: 'n', v: cell};
  if (typeof cell === 'string') return {t: 's', v: cell};
  if ('serial' in cell) return {t: 'n', v: cell.serial, z: cell.format};
  const type = typeof cell.value === 'number' ? 'n' : 's';
  return cell.value === undefined ? {t: 'n', f: cell.formula}
    : {t: type, f: cell.formula, v: cell.value};
}
