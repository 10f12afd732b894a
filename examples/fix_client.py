"""Places an order over FIX 4.4, waits for its report, cancels it.

    pip install quickfix-py
    plimsoll keys add --data DATA --user anna --account anna --scope read --scope trade
    plimsoll serve examples/exchange.toml --data DATA --fix 127.0.0.1:7002
    python examples/fix_client.py 127.0.0.1:7002 anna SECRET

SECRET is what `keys add` printed.
"""

import os
import pathlib
import queue
import sys
import tempfile
import threading
import time

import quickfix as fix

SETTINGS = """[DEFAULT]
ConnectionType=initiator
StartTime=00:00:00
EndTime=00:00:00
HeartBtInt=30
ReconnectInterval=1
UseDataDictionary=N
ResetOnLogon=Y
FileStorePath={store}
[SESSION]
BeginString=FIX.4.4
SenderCompID={user}
TargetCompID=PLIMSOLL
SocketConnectHost={host}
SocketConnectPort={port}
"""


class Client(fix.Application):
    """Adds the password to the Logon and hands reports over."""

    def __init__(self, password):
        super().__init__()
        self.password = password
        self.ready = threading.Event()
        self.reports = queue.Queue()

    def onCreate(self, session):
        self.session = session

    def onLogon(self, session):
        self.ready.set()

    def onLogout(self, session):
        self.ready.clear()

    def toAdmin(self, message, session):
        kind = fix.MsgType()
        message.getHeader().getField(kind)
        if kind.getValue() == fix.MsgType_Logon:
            message.setField(fix.Username(session.getSenderCompID().getValue()))
            message.setField(fix.Password(self.password))

    def fromAdmin(self, message, session):
        if message.isSetField(58):
            print(message.getField(58), file=sys.stderr)

    def toApp(self, message, session):
        pass

    def fromApp(self, message, session):
        self.reports.put(message.toString().replace("\x01", "|"))

    def send(self, kind, fields):
        message = fix.Message()
        message.getHeader().setField(fix.MsgType(kind))
        for tag, value in fields.items():
            message.setField(fix.StringField(tag, str(value)))
        message.setField(fix.TransactTime())
        fix.Session.sendToTarget(message, self.session)
        print(self.reports.get(timeout=10))


def main():
    if len(sys.argv) != 4:
        sys.exit("usage: fix_client.py HOST:PORT USER SECRET")
    address, user, password = sys.argv[1:]
    host, port = address.rsplit(":", 1)
    folder = pathlib.Path(tempfile.mkdtemp())
    config = folder / "fix.cfg"
    config.write_text(SETTINGS.format(store=folder, user=user, host=host, port=port))
    client = Client(password)
    settings = fix.SessionSettings(str(config))
    initiator = fix.SocketInitiator(client, fix.FileStoreFactory(settings), settings)
    initiator.start()
    if not client.ready.wait(10):
        print("no Logon: is the server there, and is the secret the user's?", file=sys.stderr)
        # The engine's threads would crash over what Python lets go at the end.
        os._exit(1)
    # A ClOrdID is taken once, ever.
    now = time.time_ns()
    client.send("D", {11: f"buy-{now}", 55: "RB", 54: 1, 38: 1, 40: 2, 44: 4990, 59: 1})
    client.send("F", {11: f"cancel-{now}", 41: f"buy-{now}", 55: "RB", 54: 1})
    initiator.stop()


if __name__ == "__main__":
    main()
