'use strict';
// An operator's SMSC on npm's smpp: says its port, takes binds, delivers what it is told to,
// answers each submit_sm and sends the receipt that it asks for.
// Arguments: system_id, password.

const smpp = require('smpp');
const lines = require('./lines');

const systemId = process.argv[2];
const password = process.argv[3];
const receivers = [];
let submits = 0;

function receipt(submit, messageId) {
  return {
    source_addr: submit.destination_addr,
    source_addr_ton: 1,
    source_addr_npi: 1,
    destination_addr: submit.source_addr,
    esm_class: smpp.ESM_CLASS.MC_DELIVERY_RECEIPT,
    data_coding: 0,
    short_message: 'id:' + messageId + ' sub:001 dlvrd:001 submit date:2611201000'
      + ' done date:2611201001 stat:DELIVRD err:000 text:',
    receipted_message_id: messageId,
    message_state: smpp.MESSAGE_STATE.DELIVERED,
  };
}

function bind(session, pdu) {
  if (pdu.system_id !== systemId || pdu.password !== password) {
    lines.say('refused', {command: pdu.command, system_id: pdu.system_id});
    session.send(pdu.response({command_status: smpp.ESME_RBINDFAIL}));
    session.close();
    return;
  }
  session.send(pdu.response({system_id: 'node-smpp', sc_interface_version: 0x34}));
  if (pdu.command !== 'bind_transmitter') receivers.push(session);
  lines.say('bound', {
    command: pdu.command, system_id: pdu.system_id, version: pdu.interface_version,
  });
}

function submit(session, pdu) {
  submits += 1;
  const messageId = 'node-' + submits;
  lines.say('submit', Object.assign(lines.shown(pdu), {message_id: messageId}));
  session.send(pdu.response({message_id: messageId}));
  if (pdu.registered_delivery & 1) {
    receivers[0].deliver_sm(receipt(pdu, messageId), function (response) {
      lines.say('receipt_answered', {
        message_id: messageId, status: response.command_status, octets: response.command_length,
      });
    });
  }
}

const server = smpp.createServer(function (session) {
  ['bind_transceiver', 'bind_receiver', 'bind_transmitter'].forEach(function (command) {
    session.on(command, function (pdu) { bind(session, pdu); });
  });
  session.on('submit_sm', function (pdu) { submit(session, pdu); });
  session.on('enquire_link', function (pdu) {
    lines.say('enquired', {});
    session.send(pdu.response());
  });
  session.on('unbind', function (pdu) {
    lines.say('unbound', {});
    session.send(pdu.response());
    session.close();
  });
  session.on('error', function (error) { lines.say('error', {what: String(error)}); });
  session.on('close', function () {
    const at = receivers.indexOf(session);
    if (at >= 0) receivers.splice(at, 1);
    lines.say('closed', {});
  });
});

server.listen(0, '127.0.0.1', function () {
  lines.say('listening', {port: server.address().port});
});

lines.obey({
  // text, udh (hex), data_coding, source, mark
  deliver: function (order) {
    receivers[0].deliver_sm({
      source_addr: order.source,
      source_addr_ton: 1,
      source_addr_npi: 1,
      destination_addr: '1012',
      data_coding: order.data_coding,
      short_message: lines.body(order),
    }, function (response) {
      lines.say('delivered', {
        mark: order.mark, status: response.command_status, octets: response.command_length,
      });
    });
  },
  enquire: function () {
    receivers[0].enquire_link({}, function (response) {
      lines.say('enquiry_answered', {status: response.command_status});
    });
  },
  unbind: function () {
    receivers[0].unbind({}, function (response) {
      lines.say('unbind_answered', {status: response.command_status});
    });
  },
});
