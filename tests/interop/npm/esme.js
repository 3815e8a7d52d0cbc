'use strict';
// An ESME on npm's smpp: binds, sends what it is told to, answers and tells what comes.
// Arguments: port, system_id, password, bind command; with the file of a certificate authority
// and the name that the certificate must have, over TLS.

const fs = require('fs');
const smpp = require('smpp');
const lines = require('./lines');

const [port, systemId, password, command, caFile, name] = process.argv.slice(2);
const options = {host: '127.0.0.1', port: Number(port)};
if (caFile) Object.assign(options, {tls: true, ca: fs.readFileSync(caFile), servername: name});

const session = smpp.connect(options, function () {
  session[command]({system_id: systemId, password: password, interface_version: 0x34},
    function (response) {
      lines.say('bind_answered', {
        status: response.command_status,
        system_id: response.system_id,
        version: response.sc_interface_version,
      });
    });
});

session.on('deliver_sm', function (pdu) {
  session.send(pdu.response());
  lines.say('deliver', lines.shown(pdu));
});
session.on('enquire_link', function (pdu) { session.send(pdu.response()); });
session.on('unbind', function (pdu) {
  session.send(pdu.response());
  lines.say('unbound', {});
});
session.on('error', function (error) { lines.say('error', {what: String(error)}); });
session.on('close', function () { lines.say('closed', {}); });

lines.obey({
  // text, udh (hex), data_coding, source, to, registered_delivery, mark, payload
  submit: function (order) {
    const fields = {
      source_addr: order.source,
      source_addr_ton: 1,
      source_addr_npi: 1,
      destination_addr: order.to || '1012',
      data_coding: order.data_coding,
      registered_delivery: order.registered_delivery || 0,
    };
    fields[order.payload ? 'message_payload' : 'short_message'] = lines.body(order);
    session.submit_sm(fields, function (response) {
      lines.say('submit_answered', {
        mark: order.mark, status: response.command_status, message_id: response.message_id,
      });
    });
  },
  enquire: function () {
    session.enquire_link({}, function (response) {
      lines.say('enquiry_answered', {status: response.command_status});
    });
  },
  query: function () {
    session.query_sm({message_id: '1'}, function (response) {
      lines.say('query_answered', {command: response.command, status: response.command_status});
    });
  },
  unbind: function () {
    session.unbind({}, function (response) {
      lines.say('unbind_answered', {status: response.command_status});
    });
  },
});
