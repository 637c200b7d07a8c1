"""Writes corpus.csv: short English texts, half like news, half like tweets, to calibrate a model on.

Every text is put together from the parts below, which were written for this repository; the people, places and
organizations are invented, and nothing reported happened. The same seed gives the same bytes.

    python3 make_corpus.py            # writes corpus.csv beside this file and prints its SHA-256
"""
import csv
import hashlib
import io
import pathlib
import random
import re

SEED = 20
TEXTS = 360

PARTS = {
    "town": "Ashmere|Bellhaven|Corrin Bay|Dunmoor|Eastwick Quay|Fallowby|Garrowdale|Highmarch|Ivelton|Kestrel Point"
            "|Lowmoss|Marrowfield|Northolme|Oxley Green|Penhallow|Quarryside|Rushford|Saltmarsh|Thornbury Lock|Wexcombe",
    "country": "Veldoria|Sanmarra|Norrland Republic|Castovia|Ostrana|Belvarra|Tirenia|Halvonia",
    "first": "Maren|Tobias|Ayesha|Dmitri|Lucía|Owen|Ingrid|Kwame|Noémie|Rafael|Hana|Søren|Leila|Declan|Mirela|Jonah",
    "last": "Aldous|Brandvold|Castellane|Drummond|Eze|Fairweather|Grünwald|Holloway|Iwasaki|Jankovic|Kerrigan|Lindqvist"
            "|Mbeki-Shaw|Norwood|O'Dell|Petrosyan",
    "person": "<first> <last>",
    "body": "the town council|the water board|the ministry of transport|the regional hospital|the harbour authority"
            "|the teachers' union|the central bank|the weather service|the electoral commission|the fire brigade",
    "company": "Orvane Motors|Tillbrook Foods|Hexaline|Brightwater Rail|Cordell & Pike|Ninefold Games|Larkspur Health",
    "n": "2|3|4|5|6|7|8|9|11|12|14|17|19|23|26|31|38|45|52|67|84|120|215|340|1,200|4,750|18,000|96,500",
    "pct": "0.4|1.2|2.5|3.1|4.8|6|7.7|9|11.5|14|18|23.6|31|40|55|62.5",
    "money": "$<n> million|£<n>m|€<n> billion|<n> thousand crowns",
    "day": "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday",
    "month": "January|February|March|April|May|June|July|August|September|October|November|December",
    "thing": "the new bridge|a flood wall|the night bus|school meals|a vaccine trial|the stadium roof|rent controls"
             "|the fishing quota|a solar farm|the old library|bicycle lanes|the tram extension|a data breach"
             "|the wheat harvest|an unexploded shell|the railway strike",
    "did": "approved plans for|delayed a vote on|published figures about|opened an inquiry into|defended spending on"
           "|rejected a petition against|announced <money> for|raised doubts over|took questions about|scaled back",
    "why": "after <n> residents complained|because costs rose by <pct> percent|despite warnings from <body>"
           "|following <n> hours of debate|as temperatures fell to minus <n> degrees|while talks with <country> continue"
           "|in spite of a shortage of nurses|amid reports of higher fuel prices",
    "said": "officials said on <day>|<person> told reporters|according to a report released in <month>"
            "|a spokeswoman for <company> confirmed|the statement read|two people familiar with the matter said",
    "quote": "We have waited <n> years for this|Nobody asked the people who live here|The numbers speak for themselves"
             "|It is a step, not a solution|I would not call it a failure|There is no cause for alarm|We were not told",
    "fact": "The project is expected to cost <money>|Turnout was <pct> percent|Shares in <company> fell <pct> percent"
            "|About <n> homes were without power|The match ended <n>-<n>|<body> will meet again on <day>"
            "|Police closed the road for <n> hours|The survey covered <n> households in <town>"
            "|Exports to <country> rose by <pct> percent in <month>|The fine could reach <money>"
            "|Rain is forecast until <day>|<person> has led the company since <month> 20<two>",
    "two": "07|09|11|13|15|18|19|21|22|24",
    "news": "<body> <did> <thing> <why>, <said>. <fact>.|<said>, <body> <did> <thing> <why>. \"<quote>,\" <person> said."
            "|<body> in <town> <did> <thing>. <fact>. <fact>.|<company> <did> <thing> <why>. <fact>. \"<quote>.\"",
    "headline": "<town>: <body> <did> <thing>|<thing> divides <town>|<company> <did> <thing>|<person>: \"<quote>\""
                "|What <thing> means for <town>|<country> and <town> at odds over <thing>",
    "tag": "#<word>|#<word><two>|#Save<word>",
    "word": "Ashmere|Dunmoor|WaterBills|NightBus|Harvest|Trams|MatchDay|Budget|Storm|Elections",
    "at": "@<handle>|@<handle>_<two>",
    "handle": "marsh_watch|dailyfallow|owenonbikes|tidewriter|grumpygull|northolmefc|ms_iwasaki",
    "link": "https://example.org/<two>/<handle>|example.com/n<two>",
    "face": "😂|🤦|🔥|👏👏|😡|🙏|:)|:-/|lol|smh|imo|❤️",
    "tweet": "can't believe <body> <did> <thing> AGAIN <face> <tag>|<at> so <thing> is happening or not?? <face>"
             "|BREAKING: <body> <did> <thing> <link>|ok but <thing> is actually good for <town>, fight me <face> <tag>"
             "|<fact>... and nobody talks about it! <tag> <tag>|RT <at>: \"<quote>\" <link>"
             "|<n> days without hot water in <town>. thanks <body> <face>|lost my dog near <thing> in <town>, pls RT <face> <at>"
             "|wow. just wow. <quote>, they said. <face> <tag>|who else is watching <town> v <town>? <n>-<n> already <face>"
             "|Hot take: <thing> costs <money> and we get NOTHING <face>|morning <town> ☀️ coffee first, then <thing> <tag>",
}
MARK = re.compile(r"<([a-z]+)>")


def expand(rng, text):
    """Replaces each `<part>` by one of its alternatives, over and over."""
    return MARK.sub(lambda mark: expand(rng, rng.choice(PARTS[mark[1]].split("|"))), text)


def sentence_case(text):
    """A capital at the start and after a full stop; typed in haste, as tweets are, they stay as they are."""
    return re.sub(r"(^|[.!?] |: )([a-z])", lambda found: found[1] + found[2].upper(), text)


def rows(rng):
    seen = set()
    while len(seen) < TEXTS:
        if len(seen) % 2 == 0:
            title = sentence_case(expand(rng, "<headline>"))
            text = " ".join(sentence_case(expand(rng, "<news>")) for _ in range(rng.choice([1, 1, 2, 3])))
        else:
            title, text = "", expand(rng, "<tweet>")
        if text not in seen:
            seen.add(text)
            yield title, text


def main():
    rng = random.Random(SEED)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["title", "text"])
    writer.writerows(rows(rng))
    content = out.getvalue().encode()
    pathlib.Path(__file__).with_name("corpus.csv").write_bytes(content)
    print(hashlib.sha256(content).hexdigest())


if __name__ == "__main__":
    main()
