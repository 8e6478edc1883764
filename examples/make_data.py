#!/usr/bin/env python3
"""Makes the data that the mappings of this repository read: the exports of an invented software vendor.

usage: make_data.py [--out DIR] [--accounts N] [--events N] [--days N] [--fault-every N] [--seed N]

The same arguments give the same bytes. The defaults made examples/data. Needs nothing but Python 3.9, except for the
event dump: that is Parquet where pyarrow is installed, and is left out with a message where it is not.
The faults are placed by plan, not by chance: one of each kind in every --fault-every accounts.
"""

import argparse
import csv
import datetime as dt
import io
import json
import pathlib
import random
import sys

FIRST = "Ada Bruno Carla Dmitri Elena Farid Greta Hugo Ines Jonas Kaya Liam Mara Noah Olga Paul Rita Sven Tara Uwe".split()
LAST = "Abel Brandt Costa Dahl Egger Fischer Grant Holm Ito Jansen Kern Lopez Meyer Novak Olsen Petit Quinn Rossi Sato Vogel".split()
HEADS = ("Alder Basalt Cobalt Drift Ember Fjord Granite Harbour Indigo Juniper Kestrel Larch Meridian Nimbus Orchard Pine "
         "Quartz Rowan Summit Tundra Umber Vesper Willow Xenon Yarrow Zephyr").split()
TAILS = "Foods Freight Insurance Logistics Media Mobility Optics Retail Robotics Software Systems Textiles".split()
FORMS = ["Inc.", "GmbH", "Ltd", "AB", "S.p.A.", "SA", "LLC"]
ODD = ['Smith "Big Jim" & Sons', "O'Hara Brothers", "Lindqvist, Berg & Co", "Café Münster", "株式会社サンプル", '7" Records']
REGIONS = ["EMEA", "NA", "APAC", "LATAM"]
STAGES = ["Active", "active", "Customer", "Trial", "Churned", " Active "]
AREAS = {
    "Reports": ["View Report", "Export", "Schedule, weekly", "Share"],
    "Dashboards": ["Open", "Edit Widget", "Pin"],
    "Admin": ["Invite User", "Change Role"],
    "API": ["Create Token", "Call"],
    "Search": ["Run Query", "Save Query"],
}
PRODUCTS = ["analytics", "automation", "archive"]
OWNERS = 12
DAY = dt.date(2026, 11, 20)  # the day of all exports
BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def base62(number, width):
    digits = ""
    while number or len(digits) < width:
        number, rest = divmod(number, 62)
        digits = BASE62[rest] + digits
    return digits


def salesforce_id(prefix, number, length=18):
    """A Salesforce id: 15 characters that differ by case, and 3 that say which of them are capitals."""
    short = f"{prefix}5g00000" + base62(number + 916_132, 5)
    suffix = "".join(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"[sum(char.isupper() << bit for bit, char in enumerate(short[part:part + 5]))]
        for part in (0, 5, 10))
    return short if length == 15 else short + suffix


def person(number):
    return FIRST[number % len(FIRST)], LAST[(number * 7 + number // len(FIRST)) % len(LAST)]


def staff_mail(number):
    first, last = person(number)
    return f"{first}.{last}@vendor.example.com".lower()


class World:
    """The vendor: everything is derived from an account's number, so that no file needs another in memory."""

    def __init__(self, options):
        self.options = options
        self.out = pathlib.Path(options.out)
        self.out.mkdir(parents=True, exist_ok=True)

    def chance(self, what, number):
        return random.Random(f"{self.options.seed}/{what}/{number}")

    def fault(self, number):
        """Which of the planned faults account `number` has: its place in the period."""
        return number % self.options.fault_every

    def account_id(self, number):
        return salesforce_id("001", number)

    def account_name(self, number):
        if number % 17 == 5:
            return ODD[number // 17 % len(ODD)]
        head, tail = HEADS[number % len(HEADS)], TAILS[number * 5 // 3 % len(TAILS)]
        return f"{head} {tail} {FORMS[number % len(FORMS)]}"

    def is_sound(self, number):
        """Whether the account's row in the CRM report becomes an account."""
        return self.fault(number) not in {11, 23, 31, 32, 50, 51, 52, 53, 54, 57, 71, 81, 82, 83, 91, 97, 98, 101}

    def domain(self, number):
        return f"{HEADS[number % len(HEADS)]}-{TAILS[number * 5 // 3 % len(TAILS)]}-{number}.example.com".lower()

    def parent(self, number):
        """Every tenth account is a group; the four after it belong to it."""
        return number - number % 10 if 1 <= number % 10 <= 4 else None

    def some_account(self, chance):
        return chance.randrange(self.options.accounts)

    def write(self, name, rows, encoding="utf-8", before="", after="", raw=(), **layout):
        """One delimited file; `raw` are lines (bytes) that stand among the rows: (after which row, line)."""
        raw = dict(raw)
        layout = {"lineterminator": "\n", **layout}
        path = self.out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "wb") as file:
            file.write(before.encode(encoding))
            for index, row in enumerate(rows):
                line = io.StringIO()
                csv.writer(line, **layout).writerow(row)
                file.write(line.getvalue().encode(encoding))
                if index in raw:
                    file.write(raw[index])
            file.write(after.encode(encoding))


def money(amount):
    return f"${amount:,.2f}"


def date_in_some_layout(day, number):
    """The four layouts that years of imports have left in the CRM."""
    return [
        day.strftime("%m/%d/%Y"),
        day.isoformat(),
        day.strftime("%d-%b-%Y"),
        f"{day.isoformat()}T17:30:00-08:00",
    ][number % 4]


def crm_accounts(world):
    """A Salesforce report: footer, quotes, money, four date layouts, ids of both lengths, twice and in loops."""
    head = ["Account ID", "Account Name", "Parent Account ID", "Type", "Stage", "Owner ID", "ARR", "Contract Start",
            "Renewal Date", "Created Date", "Employees", "Seats", "Region", "Labels", "Website", "Last Modified"]

    def row(number, modified, short=False):
        chance = world.chance("account", number)
        fault = world.fault(number)
        identity = world.account_id(number)
        name = world.account_name(number)
        parent = world.parent(number)
        parent = world.account_id(parent) if parent is not None else ""
        kind = "Subsidiary" if parent else "Group"
        stage = chance.choice(STAGES)
        arr = money(chance.randrange(2_000_00, 250_000_00) / 100) if chance.random() > 0.08 else ""
        start = DAY - dt.timedelta(days=chance.randrange(30, 1500))
        renewal = DAY + dt.timedelta(days=chance.randrange(10, 700))
        renewal = date_in_some_layout(renewal, number) if chance.random() > 0.1 else ""
        start = date_in_some_layout(start, number // 4)
        if fault == 23:
            identity = "ACME / north"
        elif fault == 31:
            renewal = "02/30/2027"
        elif fault == 32:
            start = "to be confirmed"
        elif fault == 50:
            arr = "ask Tom"                       # a group: its children fall with it
        elif fault == 52:
            stage = "On hold"
        elif fault == 57:
            name = name + " " + "and affiliated companies " * 5
        elif fault == 71:
            parent = identity
        elif 81 <= fault <= 83:
            parent = world.account_id(number - fault + 81 + (fault - 80) % 3)
        elif fault == 91:
            parent = salesforce_id("001", 90_000_000 + number)
        elif fault == 98:
            kind = "Test"
        elif fault == 101:
            name = name.replace(" ", "\x0b", 1)
        if fault == 11:
            identity = ""
        if short:
            identity = identity[:15]
        labels = [label for label in ("vip", "beta", "reference") if chance.random() < 0.2]
        if fault == 97:
            labels.append("vipp")
        return [
            identity, name, parent, kind, stage, salesforce_id("005", number % OWNERS), arr, start, renewal,
            (DAY - dt.timedelta(days=1500 + number % 900)).strftime("%m/%d/%Y"),
            f"{chance.randrange(5, 20_000):,}" if chance.random() > 0.2 else "",
            str(chance.randrange(1, 900)), REGIONS[number % 4] if number % 9 else "", "|".join(labels),
            f"https://www.{world.domain(number)}/", modified.strftime("%m/%d/%Y %I:%M %p"),
        ]

    def rows():
        noon = dt.datetime.combine(DAY, dt.time(12, 0))
        yield head
        for number in range(world.options.accounts):
            yield row(number, noon - dt.timedelta(hours=number % 400))
        for number in range(world.options.accounts):
            fault = world.fault(number)
            if fault == 45:      # an older state of the account stands further down
                yield row(number, noon - dt.timedelta(days=300))
            if fault == 46:      # the same account by its short id, edited since
                yield row(number, noon + dt.timedelta(hours=1), short=True)
            if fault == 47:      # and plainly twice
                yield row(number, noon + dt.timedelta(hours=2))

    raw = {}
    for number in range(world.options.accounts):
        identity = world.account_id(number + 50_000_000)
        if world.fault(number) == 61:            # a comma that nobody quoted
            raw[number + 1] = f"{identity},Rivers, Lakes & Partners,,Group,Active,,,,,,,,,,,\n".encode()
        if world.fault(number) == 62:            # a name pasted from another encoding
            raw[number + 1] = f"{identity},Caf\u00e9 Bleu,,Group,Active,,,,,,,,,,,\n".encode("latin-1")
    footer = ("\n\"Accounts with owner and renewal\"\n\"Copyright (c) 2000-2026 salesforce.com, inc. All rights reserved.\"\n"
              "\"Confidential Information - Do Not Distribute\"\n\"Generated By:  Dana Field  11/20/2026 6:00 AM\"\n"
              "\"Vendor Inc.\"\n")
    world.write("crm_accounts.csv", rows(), raw=raw.items(), after=footer)


def owners(world):
    def rows():
        yield ["Owner ID", "Full Name", "Email"]
        for number in range(OWNERS - 1):         # the last owner has left: his accounts name nobody
            yield [salesforce_id("005", number), " ".join(person(number)), staff_mail(number)]
    world.write("owners.csv", rows())


def known_accounts(world):
    """What Totango has already: an export of a segment."""
    def rows():
        yield ["Account Id", "Account Name"]
        for number in range(0, world.options.accounts, 4):
            yield [world.account_id(number), world.account_name(number)]
        for number in range(3):
            yield [world.account_id(80_000_000 + number), f"{HEADS[number]} Holding"]
    world.write("known_accounts.csv", rows())


def contacts(world):
    """Contacts as the app's database exports them: one JSON object per line."""
    with open(world.out / "contacts.ndjson", "w", encoding="utf-8") as file:
        for number in range(world.options.accounts):
            first, last = person(number * 3 + 1)
            mail = f"{first}.{last}@{world.domain(number)}"
            contact = {
                "account_id": world.account_id(number), "email": mail, "first_name": first, "last_name": last,
                "job_title": ["Head of Operations", "Analyst", "Chief \"Data\" Officer"][number % 3],
                "is_contact": "Y" if number % 5 else "N", "is_key": "1" if number % 25 == 7 else "0",
                "last_login": 1_763_000_000_000 + number * 3_600_000, "topics": ["beta|speaker", "beta", ""][number % 3],
            }
            fault = world.fault(number)
            if fault == 12:
                contact["email"] = None
            elif fault == 13:
                contact["email"] = mail.replace("@", "+test@")
            elif fault == 14:
                contact["email"] = "none, see phone"
            elif fault == 15:
                contact["account_id"] = salesforce_id("001", 95_000_000 + number)
            elif fault == 16:
                contact["is_contact"] = "maybe"
            file.write(json.dumps(contact, ensure_ascii=False) + "\n")
            if fault == 17:                      # a second record of the person, with other capitals
                file.write(json.dumps({**contact, "email": mail.upper(), "job_title": "Head of Analytics"}) + "\n")
            if fault == 18:                      # a line that the export cut
                file.write(json.dumps(contact)[:60] + "\n")


def staff(world):
    """The vendor's own people, from the HR system."""
    def rows():
        yield ["Mail", "First", "Last", "Licence", "Teams", "Active", "Manager"]
        for number in range(OWNERS):
            first, last = person(number)
            yield [staff_mail(number), first, last, ["Practitioner", "contributor"][number % 2],
                   ["Enterprise; EMEA", "Scale", ""][number % 3], "N" if number == 9 else "Y",
                   staff_mail(0) if number else ""]
        yield ["nils.meyer@vendor.example.com", "Nils", "Meyer", "Viewer", "Scale", "Y", staff_mail(0)]
        yield ["tom at vendor", "Tom", "Grant", "Practitioner", "Scale", "Y", staff_mail(0)]
        yield ["lee.stone@vendor.example.com", "Lee", "Stone", "Practitioner", "Scale", "Y", "gone@vendor.example.com"]
        yield ["maximilian@vendor.example.com", "Maximilian Alexander Ferdinand Leopold", "Kern", "Contributor", "Scale", "Y", ""]
        yield [staff_mail(3).upper(), *person(3), "Practitioner", "Scale", "Y", staff_mail(0)]
        yield ["nora.dahl@vendor.example.com", "Nora", "Dahl", "Contributor", "Scale", "perhaps", staff_mail(0)]
    world.write("staff.csv", rows())


def assignments(world):
    """Who looks after which account: a sheet, saved as tab separated text, with the names people see."""
    roles = {"Customer Success Manager": "role_101", "Technical Account Manager": "role_102", "Executive Sponsor": "role_103"}
    world.write("roles.csv", [["Role", "Role Id"], *roles.items()])

    def rows():
        yield ["Account", "Role", "Owner"]
        for number in range(world.options.accounts):
            role, owner = list(roles)[number % 2], " ".join(person(number % (OWNERS - 1)))
            fault = world.fault(number)
            if fault == 21:
                role = "customer success manager "   # near, but no role of this name
            elif fault == 22:
                owner = "Tom who left"
            account = world.account_id(number)
            if fault == 24:
                account = salesforce_id("001", 96_000_000 + number)
            yield [account, role, owner]
            if fault == 25:
                yield [account, role, " ".join(person((number + 1) % (OWNERS - 1)))]
    world.write("assignments.tsv", rows(), delimiter="\t")


def subscriptions(world):
    """What was sold, from billing."""
    def rows():
        yield ["Subscription", "Account", "Product", "Seats", "MRR", "Start", "End", "State"]
        for number in range(0, world.options.accounts, 2):
            chance = world.chance("subscription", number)
            for index in range(1 + number % 3):
                account, product = world.account_id(number), PRODUCTS[index]
                start = DAY - dt.timedelta(days=chance.randrange(20, 900))
                end = start + dt.timedelta(days=365 * 3)
                fault = world.fault(number)
                if fault == 34 and index == 0:
                    product = ""
                elif fault == 36:
                    account = salesforce_id("001", 97_000_000 + number)
                state = "live" if fault == 38 else chance.choice(["live", "live", "live", "cancelled"])
                yield [f"SUB-{number:06}-{index}", account, product, chance.randrange(1, 300),
                       f"{chance.randrange(100, 9000)}.00", start.isoformat(), end.isoformat(), state]
                if fault == 38 and index == 0:   # renewed early: the product is owned twice for a while
                    yield [f"SUB-{number:06}-9", account, product, "", "900.00", DAY.isoformat(), end.isoformat(), "live"]
    world.write("subscriptions.csv", rows())


def opportunities(world):
    def rows():
        yield ["Opportunity ID", "Name", "Account ID", "Stage", "Amount", "Close Date", "Owner ID"]
        for number in range(3, world.options.accounts, 3):
            chance = world.chance("opportunity", number)
            close = DAY + dt.timedelta(days=chance.randrange(5, 200))
            amount, account = money(chance.randrange(1000, 90_000)), world.account_id(number)
            fault = world.fault(number)
            if fault == 39:
                amount = "1,23.00"
            elif fault == 42:
                account = ""
            elif fault == 48:
                account = salesforce_id("001", 98_000_000 + number)
            yield [salesforce_id("006", number), f"{world.account_name(number)} renewal", account,
                   chance.choice(["Qualification", "Proposal", "Closed Won"]), amount, close.strftime("%m/%d/%Y"),
                   salesforce_id("005", number % OWNERS)]
    world.write("opportunities.csv", rows())


def erp(world):
    """The European subsidiary's ERP: semicolons, windows-1252, decimal commas, two lines before the header."""
    german = {"delimiter": ";", "encoding": "windows-1252", "lineterminator": "\r\n"}

    def customer(number):
        return f"D-{10_000 + number}"

    def customers():
        yield ["Kundennummer", "Firma", "Ort", "CRM-Id", "Zuora-Konto", "Umsatz", "Vertragsende"]
        for number in range(0, world.options.accounts, 2):
            chance = world.chance("erp", number)
            crm, fault = world.account_id(number), world.fault(number)
            account, zuora = customer(number), f"A-S{number:08}" if number % 6 else ""
            if fault == 26:
                crm = "1,23457E+17"              # somebody opened the file in a spreadsheet
            elif fault == 28:
                crm = ""
            elif fault == 56:
                zuora = f"a-s{number - 4:08}"      # another account has this one, in capitals
            sales = f"{chance.randrange(1_000, 999_000):,}".replace(",", ".") + f",{chance.randrange(100):02}"
            yield [account, f"{HEADS[number % len(HEADS)]} Vertrieb für Süd GmbH", "München", crm, zuora, sales,
                   (DAY + dt.timedelta(days=chance.randrange(900))).strftime("%d.%m.%Y")]
    world.write("erp_customers.csv", customers(), before="Stammdaten;Export 20.11.2026\r\n\r\n", **german)

    def invoices():
        yield ["Rechnung", "Kundennummer", "Betrag", "Fällig am", "Zustand", "Text"]
        for number in range(0, world.options.accounts, 2):
            chance = world.chance("invoice", number)
            amount = f"{chance.randrange(1, 80)}.{chance.randrange(1000):03},{chance.randrange(100):02} €"
            due = (DAY + dt.timedelta(days=chance.randrange(-60, 60))).strftime("%d.%m.%Y")
            account, fault = customer(number), world.fault(number)
            if fault == 34:
                amount = "1.23,00"
            elif fault == 36:
                due = "31.11.2026"
            elif fault == 40:
                account = "D-99999"
            yield [f"R-2026-{number:05}", account, amount, due, ["offen", "bezahlt", "gemahnt"][number % 3],
                   "Lizenz; Wartung" if number % 4 else "Prüfung „vor Ort“"]
            if fault == 44:                      # corrected and issued again under its number
                yield [f"R-2026-{number:05}", account, "99,00", due, "offen", "Korrektur"]
    world.write("erp_invoices.csv", invoices(), **german)


def activities(world):
    """Tasks and touchpoints: the text people write, with quotes, line breaks and markup."""
    def tasks():
        yield ["Activity ID", "Account ID", "Subject", "Comments", "Flow", "Priority", "Status", "Hours", "Assigned By",
               "Assigned To", "Created", "Due", "Contacts"]
        for number in range(1, world.options.accounts, 3):
            first, last = person(number * 3 + 1)
            turn = number // 3
            subject = ["Prepare the quarterly review", "Answer: \"why is it slow?\"", "Renewal talk; send offer"][turn % 3]
            comments = ["Agenda:\n- usage\n- open tickets", "", "He said \"next week\", twice."][turn // 3 % 3]
            account, fault = world.account_id(number), world.fault(number)
            identity, due = salesforce_id("00T", number), (DAY + dt.timedelta(days=number % 40)).strftime("%m/%d/%Y")
            if fault == 25:
                subject = comments = ""
            elif fault == 28:
                account = salesforce_id("001", 99_000_000 + number)
            elif fault == 31:
                identity = identity.swapcase()
            elif fault == 34:
                due = "next Friday"
            row = [identity, account, subject, comments, ["adoption", "escalation", "renewal"][turn % 3],
                   ["High", "Normal", "Low"][turn // 2 % 3], ["Open", "In Progress", "Completed"][turn // 4 % 3],
                   ["0.5", "2", ""][turn % 3], staff_mail(0), staff_mail(number % (OWNERS - 1)),
                   (DAY - dt.timedelta(days=number % 20)).strftime("%m/%d/%Y"), due,
                   f"{first}.{last}@{world.domain(number)}"]
            yield row
            if fault == 37:                      # the same id but for case: Totango would see one task
                yield [identity.upper(), *row[1:]]
    world.write("tasks.csv", tasks())

    def touchpoints():
        yield ["Id", "Account ID", "Topic", "Notes", "Kind", "Reasons", "With", "When", "By"]
        for number in range(2, world.options.accounts, 3):
            first, last = person(number * 3 + 1)
            turn = number // 3
            topic = ["Kick-off", "Support call", "Executive \"check-in\""][turn % 3]
            notes = ["<p>Goals agreed &amp; signed.</p><p>Next call in May.</p>", "Customer's words:\n\"it just works\"",
                     "Discussed the roadmap; no blockers.", ""][turn // 3 % 4]
            account, fault, when = world.account_id(number), world.fault(number), f"2026-11-{1 + number % 19:02}"
            if fault == 20:
                topic = notes = ""
            elif fault == 26:
                notes = "Transcript. " * 1001
            elif fault == 29:
                account = salesforce_id("001", 94_000_000 + number)
            elif fault == 35:
                when = "2026-02-31"
            yield [f"TP-{number:05}", account, topic, notes, ["Web meeting", "Telephone call", "Email"][turn // 2 % 3],
                   ["onboarding|training", "support", ""][turn // 4 % 3],
                   f"{staff_mail(number % (OWNERS - 1))}|{first}.{last}@{world.domain(number)}", when,
                   staff_mail(number % (OWNERS - 1))]
    world.write("touchpoints.csv", touchpoints())


def events(world):
    """The product's event dump, one folder per day, two files each."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        print("pyarrow is not installed: no event dump was made", file=sys.stderr)
        return
    schema = pyarrow.schema([("event_time", pyarrow.timestamp("ms", "UTC")), ("account_id", pyarrow.string()),
                             ("user_id", pyarrow.string()), ("area", pyarrow.string()), ("event", pyarrow.string()),
                             ("seconds", pyarrow.int64())])
    per_file, batch = max(1, world.options.events // (2 * world.options.days)), 100_000
    for back in range(world.options.days):
        day = DAY - dt.timedelta(days=back)
        for part in range(2):
            folder = world.out / "events" / f"dt={day.isoformat()}"
            folder.mkdir(parents=True, exist_ok=True)
            chance = world.chance("events", f"{day}/{part}")
            with pyarrow.parquet.ParquetWriter(folder / f"part-{part}.parquet", schema, compression="zstd") as file:
                for start in range(0, per_file, batch):
                    rows = []
                    for index in range(start, min(start + batch, per_file)):
                        number = min(world.some_account(chance), world.some_account(chance))
                        while not world.is_sound(number):
                            number = world.some_account(chance)
                        first, last = person(number * 3 + 1)
                        area = chance.choice(list(AREAS))
                        row = {
                            "event_time": dt.datetime.combine(day, dt.time(), dt.timezone.utc)
                            + dt.timedelta(milliseconds=chance.randrange(86_400_000)),
                            "account_id": world.account_id(number),
                            "user_id": f"{first}.{last}@{world.domain(number)}".lower(),
                            "area": area, "event": chance.choice(AREAS[area]), "seconds": chance.randrange(1, 600),
                        }
                        if index % 250 == 77:
                            row["user_id"] = None                # a job, not a person
                        if index % 250 == 33:
                            row["account_id"] = world.account_id(50)   # an account whose row is rejected
                        if index % 250 == 99:
                            row["account_id"] = "trial / demo"
                        if index % 250 == 151:
                            row["user_id"] = "bot+nightly@vendor.example.com"
                        rows.append(row)
                    file.write_table(pyarrow.Table.from_pylist(rows, schema=schema))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", default=str(pathlib.Path(__file__).parent / "data"))
    parser.add_argument("--accounts", type=int, default=120)
    parser.add_argument("--events", type=int, default=2000)
    parser.add_argument("--days", type=int, default=2)
    parser.add_argument("--fault-every", type=int, default=120)
    parser.add_argument("--seed", default="tango")
    world = World(parser.parse_args())
    for make in (crm_accounts, owners, known_accounts, contacts, staff, assignments, subscriptions, opportunities, erp,
                 activities, events):
        make(world)


if __name__ == "__main__":
    main()
