"""Writes the tiny-news corpus: train.csv, validation.csv and test.csv with columns title,text,label (0 real, 1 fake).

Every row is generated from grammar.py, so that the repository can carry a trained classifier without anybody's
texts. Careful (wire-style) and lurid articles share topics, names and many sentences; how many sentences of an
article are in its label's style is drawn per article, and a few labels are wrong on purpose. The best possible
accuracy is therefore below 100 %, as on real news, and a compression that costs accuracy shows.

The same seed and sizes give the same bytes."""
import argparse
import csv
import pathlib
import random
import re

import grammar

MARK = re.compile(r"\{([^{}]*)\}|<([A-Za-z]+)>")


class Article:
    """Names and facts drawn once an article, so that its sentences speak of the same things."""

    def __init__(self, rng):
        self.rng = rng
        self.topic = grammar.TOPICS[rng.choice(sorted(grammar.TOPICS))]
        self.fixed = {}
        self.fixed["thing"] = self.expand(self.topic["thing"])
        self.fixed["surname"] = self.surname()
        self.fixed["institution"] = self.institution()

    def surname(self):
        return self.rng.choice(grammar.SURNAME_STARTS) + self.rng.choice(grammar.SURNAME_ENDS)

    def place(self):
        return self.rng.choice(grammar.PLACE_STARTS) + self.rng.choice(grammar.PLACE_ENDS)

    def institution(self):
        subject = self.rng.choice(grammar.MINISTRY_SUBJECTS)
        return self.rng.choice([
            f"the ministry of {subject}", f"the office for {subject}", f"{self.place()} University",
            f"the {subject} agency", f"the {self.place()} Institute", f"the {self.rng.choice(grammar.COUNTRIES)} {subject} board",
        ])

    def draw(self, name):
        """The text for the slot `name`; a capital first letter asks for a capital, all capitals for capitals."""
        if name.isupper() and len(name) > 1:
            return self.draw(name.lower()).upper()
        if name[0].isupper():
            text = self.draw(name[0].lower() + name[1:])
            return text[:1].upper() + text[1:]
        rng = self.rng
        # The article's own thing, surname and institution return most of the time; others join in.
        if name in self.fixed and rng.random() < (0.85 if name == "thing" else 0.6):
            return self.fixed[name]
        match name:
            case "person": return f"{rng.choice(grammar.GIVEN)} {self.draw('surname')}"
            case "surname": return self.surname()
            case "place": return self.place()
            case "institution": return self.institution()
            case "country": return rng.choice(grammar.COUNTRIES)
            case "medicine": return rng.choice(grammar.MEDICINES)
            case "company": return rng.choice(grammar.COMPANIES)
            case "number": return f"{rng.choice([3, 12, 40, 75, 120, 450, 800, 2000, 9000]) * rng.randint(7, 99):,}"
            case "small": return str(rng.randint(2, 90))
            case "percent": return str(rng.randint(2, 97))
            case "decimal": return f"{rng.uniform(0.1, 19):.1f}"
            case "age": return str(rng.randint(18, 85))
        return self.expand(grammar.SLOTS[name] if name in grammar.SLOTS else self.topic[name])

    def expand(self, pattern):
        """`pattern` with every mark replaced, innermost first."""
        while mark := MARK.search(pattern):
            if mark[1] is not None:
                chosen = self.rng.choice(mark[1].split("|"))
            else:
                chosen = self.draw(mark[2])
            pattern = pattern[:mark.start()] + chosen + pattern[mark.end():]
        return pattern


def make_row(rng, arguments):
    """One (title, text, label)."""
    label = rng.randint(0, 1)
    article = Article(rng)
    own, other = (grammar.CAREFUL, grammar.LURID) if label == 0 else (grammar.LURID, grammar.CAREFUL)
    own_titles = grammar.CAREFUL_TITLES if label == 0 else grammar.LURID_TITLES
    count = min(13, 1 + int(rng.expovariate(1 / 3.6)))
    # How much of the article shows its colours, and how much it borrows from the other side; most have one telling sentence.
    loudness = rng.betavariate(3, 2)
    borrowed = 0.1 * rng.random()
    tell = rng.randrange(count) if rng.random() < 0.6 else -1

    def sentence(index):
        u = 0 if index == tell else rng.random()
        bank = own if u < loudness else other if u < loudness + borrowed else grammar.SHARED
        text = article.expand(rng.choice(bank))
        if label == 1 and rng.random() < 0.06:
            text = text.upper()
        return text[:1].upper() + text[1:]

    text = " ".join(sentence(index) for index in range(count))
    title = article.expand(rng.choice(own_titles if rng.random() < loudness * 0.8 else grammar.SHARED_TITLES))
    title = title[:1].upper() + title[1:]
    u = rng.random()
    if u < 0.04:
        title = ""
    elif u < 0.05 and len(title.split()) >= 5:
        text = ""
    if rng.random() < 0.05:
        text += rng.choice(grammar.AWKWARD_TAILS)
    if rng.random() < arguments.noise:
        label = 1 - label
    return title, text, label


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path(__file__).parent, help="folder to write to (default: here)")
    parser.add_argument("--seed", type=int, default=20)
    parser.add_argument("--train", type=int, default=12000, help="rows of train.csv (default 12000)")
    parser.add_argument("--validation", type=int, default=300, help="rows of validation.csv (default 300)")
    parser.add_argument("--test", type=int, default=1000, help="rows of test.csv (default 1000)")
    parser.add_argument("--noise", type=float, default=0.01, help="share of wrong labels (default 0.01)")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    seen = set()
    for name in ("test", "validation", "train"):
        rng = random.Random(f"{arguments.seed} {name}")
        path = arguments.out / f"{name}.csv"
        with open(path, "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["title", "text", "label"])
            written = 0
            while written < getattr(arguments, name):
                title, text, label = make_row(rng, arguments)
                # No text twice, within a file or across the splits; five words at least.
                if (title, text) in seen or len((title + " " + text).split()) < 5:
                    continue
                seen.add((title, text))
                writer.writerow([title, text, label])
                written += 1
        print(f"{path.name}: {written} rows, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
