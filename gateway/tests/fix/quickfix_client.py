"""Drives the acceptor with the C++ engine's own checks on (its FIX 4.4 dictionary). Arguments: address, password of anna, of bert."""

import os
import pathlib
import queue
import sys
import tempfile
import threading
import traceback

import quickfix as fix

FOLDER = pathlib.Path(tempfile.mkdtemp())
DICTIONARY = pathlib.Path(sys.prefix) / "share" / "quickfix" / "FIX44.xml"

SETTINGS = """[DEFAULT]
ConnectionType=initiator
StartTime=00:00:00
EndTime=00:00:00
HeartBtInt=30
ReconnectInterval=1
UseDataDictionary=Y
DataDictionary={dictionary}
FileStorePath={store}
[SESSION]
BeginString=FIX.4.4
SenderCompID={user}
TargetCompID=PLIMSOLL
SocketConnectHost={host}
SocketConnectPort={port}
"""


class Client(fix.Application):
    def __init__(self, address, user, password):
        super().__init__()
        self.password = password
        self.up, self.down = threading.Event(), threading.Event()
        self.got, self.refused = queue.Queue(), []
        host, port = address.rsplit(":", 1)
        config = FOLDER / f"{user}.cfg"
        values = {"dictionary": DICTIONARY, "store": FOLDER, "user": user, "host": host, "port": port}
        config.write_text(SETTINGS.format(**values))
        self.settings = fix.SessionSettings(str(config))
        # One initiator for the client's life: the engine sends by SessionID through the first session ever made with it, so what
        # is sent after a second initiator is made goes to the first one's store and never to a socket.
        stores = fix.FileStoreFactory(self.settings)
        self.initiator = fix.SocketInitiator(self, stores, self.settings)
        self.start()

    def start(self):
        self.up.clear()
        self.initiator.start()
        assert self.up.wait(20), "no Logon"

    def stop(self):
        self.initiator.stop()

    def onCreate(self, session):
        self.session = session

    def onLogon(self, session):
        self.up.set()

    def onLogout(self, session):
        self.down.set()

    def toAdmin(self, message, session):
        kind = message.getHeader().getField(35)
        if kind == "A":
            message.setField(fix.Username(session.getSenderCompID().getValue()))
            message.setField(fix.Password(self.password))
        if kind in "3j":
            self.refused.append(message.toString().replace("\x01", "|"))

    def fromAdmin(self, message, session):
        if message.getHeader().getField(35) == "3":
            self.refused.append(message.toString().replace("\x01", "|"))

    def toApp(self, message, session):
        pass

    def fromApp(self, message, session):
        self.got.put("|" + message.toString().replace("\x01", "|"))

    def send(self, kind, fields, groups=()):
        message = fix.Message()
        message.getHeader().setField(fix.MsgType(kind))
        for tag, value in fields.items():
            message.setField(fix.StringField(tag, str(value)))
        for counter, first, value in groups:
            group = fix.Group(counter, first)
            group.setField(fix.StringField(first, value))
            message.addGroup(group)
        if kind in "DFGqAN":
            message.setField(fix.TransactTime())
        fix.Session.sendToTarget(message, self.session)

    def expect(self, fields):
        try:
            got = self.got.get(timeout=20)
        except queue.Empty:
            raise AssertionError(f"no {fields}; refused: {self.refused}") from None
        for field in fields.split("|"):
            assert f"|{field}|" in got, f"no {field} in {got}"
        return got


def order(name, side, qty, price):
    return {11: name, 55: "RB", 54: side, 38: qty, 40: 2, 44: price, 59: 1}


def main():
    address, of_anna, of_bert = sys.argv[1:]
    anna, bert = Client(address, "anna", of_anna), Client(address, "bert", of_bert)
    anna.send("x", {320: "s", 559: 4})
    anna.expect("35=y|560=0|146=2|55=RB")
    bert.send(
        "V",
        {262: "m", 263: 1, 264: 0, 265: 1},
        [(267, 269, "0"), (267, 269, "1"), (146, 55, "RB")],
    )
    bert.expect("35=W|268=0")
    anna.send("D", order("a1", 1, 10, "4990"))
    anna.expect("35=8|150=0|11=a1")
    bert.expect("35=X|268=1|279=0|269=0|270=4990|271=10")
    bert.send("V", {262: "m", 263: 2, 264: 0}, [(267, 269, "0"), (146, 55, "RB")])
    bert.send("D", order("b1", 2, 4, "4990"))
    bert.expect("35=8|150=0|11=b1")
    bert.expect("150=F|39=2|32=4|31=4990")
    anna.expect("150=F|39=1|14=4|151=6|6=4990")
    anna.send("G", {**order("a2", 1, 12, "4991"), 41: "a1"})
    anna.expect("150=5|11=a2|41=a1|37=a1|38=12|151=8")
    anna.send("H", {11: "a2", 55: "RB", 54: 1})
    anna.expect("150=I|39=1|11=a2")
    anna.send("AN", {710: "p", 724: 0, 1: "anna", 581: 1, 715: "20260101"})
    anna.expect("35=AO|727=1")
    anna.expect("35=AP|704=4")
    anna.send("BB", {909: "c", 1: "anna"})
    anna.expect("35=BA|909=c")
    anna.send("F", {11: "a3", 41: "a2", 55: "RB", 54: 1})
    anna.expect("150=4|11=a3|41=a2|14=4")
    anna.send("F", {11: "a4", 41: "a2", 55: "RB", 54: 1})
    anna.expect("35=9|11=a4|102=0")
    anna.send("D", order("a5", 1, 2, "4900"))
    anna.expect("150=0|11=a5")
    anna.send("q", {11: "a6", 530: 7})
    anna.expect("150=4|11=a5")
    anna.expect("35=r|531=7|533=1")
    anna.send("D", order("a7", 1, 3, "4900"))
    anna.expect("150=8|39=8|103=13")
    # Away, something happens, and it is told again.
    anna.send("D", order("a8", 1, 2, "4991"))
    anna.expect("150=0|11=a8")
    anna.stop()
    bert.send("D", order("b2", 2, 2, "4991"))
    bert.expect("150=0|11=b2")
    bert.expect("150=F|11=b2")
    anna.start()
    anna.expect("43=Y|150=F|11=a8|14=2|151=0")
    # Numbers go on after what was sent again.
    anna.send("F", {11: "a9", 41: "a8", 55: "RB", 54: 1})
    anna.expect("35=9|11=a9|41=a8|39=2")
    anna.send("D", order("a10", 1, 2, "4990"))
    anna.expect("35=8|150=0|11=a10")
    anna.stop()
    bert.stop()
    assert not anna.refused and not bert.refused, (anna.refused, bert.refused)
    print("all told", flush=True)


if __name__ == "__main__":
    code = 1
    try:
        main()
        code = 0
    except Exception:
        traceback.print_exc()
    finally:
        # Its threads outlive what Python lets go at the end, and crash over it.
        sys.stderr.flush()
        os._exit(code)
