'use strict';
// A line of JSON a thing: events go out by stdout, orders come in by stdin.

const readline = require('readline');

exports.say = function (event, fields) {
  process.stdout.write(JSON.stringify(Object.assign({event: event}, fields)) + '\n');
};

// `orders` maps the "do" of a line to a function. The end of stdin ends the program.
exports.obey = function (orders) {
  const lines = readline.createInterface({input: process.stdin});
  lines.on('line', function (line) {
    const order = JSON.parse(line);
    orders[order.do](order);
  });
  lines.on('close', function () { process.exit(0); });
};

// What a test asks of a short message, with octets as hex.
exports.shown = function (pdu) {
  const body = pdu.short_message;
  const payload = pdu.message_payload;
  const content = body.message.length || body.udh ? body : payload || body;
  return {
    command: pdu.command,
    source: pdu.source_addr,
    source_ton: pdu.source_addr_ton,
    source_npi: pdu.source_addr_npi,
    destination: pdu.destination_addr,
    esm_class: pdu.esm_class,
    data_coding: pdu.data_coding,
    registered_delivery: pdu.registered_delivery,
    text: Buffer.isBuffer(content.message) ? content.message.toString('hex') : content.message,
    udh: (content.udh || []).map(function (each) { return each.toString('hex'); }),
    in_payload: content === payload,
    receipted_message_id: pdu.receipted_message_id,
    message_state: pdu.message_state,
    validity: Boolean(pdu.validity_period),
  };
};

// The short_message of an order: a text, with a UDH in hex in front where there is one.
exports.body = function (order) {
  return order.udh ? {udh: Buffer.from(order.udh, 'hex'), message: order.text} : order.text;
};
