"""The words and sentence patterns of the tiny-news corpus. Everything here was written for this repository:
the people, towns, countries, institutions, medicines and products are invented, and nothing reported happened.

Patterns are plain text with two marks: `{one|two|three}` is one of the parts, `<name>` is one entry of SLOTS or
a value drawn for the article (see `Article` in make_corpus.py). Marks may be nested."""

GIVEN = """Ada Amir Anselm Beatriz Bruno Carla Cedric Dagny Dara Edmund Elif Emeka Esther Farah Felix Freya Gareth Gloria
Hana Hugo Ida Imran Ines Ivan Jana Jonas Joyce Karim Katya Kofi Lars Leila Lena Luca Mabel Marek Maya Milo Nadia Nils
Noor Olga Omar Otis Petra Priya Quentin Rafael Rosa Ruth Samir Selma Simon Tara Theo Tomas Ula Vera Viktor Wanda Yara
Yusuf Zara Zeno René Zoë Åsa Jürgen Chloé Íñigo Søren""".split()

SURNAME_STARTS = """Al Bar Bel Bren Cal Cor Dal Dor Ell Fal Far Gar Hal Har Hol Jan Kel Kor Lam Lor Mar Mel Mor Nor Orr
Pel Quin Ral Ros Sal Sel Tam Tor Ul Val Vel Wen Wil Yar Zel""".split()
SURNAME_ENDS = """aby adec agan ander anov arth asen atti avic beck berg brook by combe dane dell eau ehan elli enko
erby etti feld gate grove hurst ickson iday illa ingale inska itz kamp land lin low mann mere mond nett oda okoro onte
osso ova quist ridge row sen shaw son stead stone strand to ton ulla ward wick wood yard zada""".split()

PLACE_STARTS = """Amber Ash Barrow Bell Birch Black Bramble Bright Brindle Cald Carrow Cinder Clear Copper Crow Dun
Eagle East Elder Fair Fern Glass Gold Gran Green Gull Harrow Hazel Heron High Iron Kestrel Lang Lark Lime Long Maple
Marsh Mill Moss New North Oak Old Otter Pine Plum Raven Red Rook Rush Salt Sand Silver Stone Swan Thorn Vine West White
Willow Winter""".split()
PLACE_ENDS = """bank borough bridge brook burn bury castle cliff combe cross dale den falls field ford gate harbour
haven hill holt hurst lake land mere minster moor mouth point pool port reach ridge sands stead ton wall water wick
wood worth""".split()

COUNTRIES = """Veltria Ostania Marovia Quillandia Tervania Calderra Norsund Belmaria Zafiria Lindoria Peravia Sorvenia
Haldova Ulmaria Drovia Kestonia Almoria Ruvenia Tessaly Corvania Ebonia Galdaria Istenia Jorlandia Lomaria""".split()

MINISTRY_SUBJECTS = """health harbours transport finance education energy agriculture housing justice culture
statistics forestry fisheries labour trade water aviation pensions""".split()

MEDICINES = """Lumivax Noradine Pelotrin Calmexa Vistorol Arduvane Senoprex Tridolan Metrilox Oxaferin Balmora
Quintazol""".split()
COMPANIES = """Aldrevane Brovanta Corvandel Dellumar Emberquill Fenwrought Gantorra Halcyrix Inkwendel Juniparo Kelmarrow Lodevane
Marlowick Nimbranto Orravelle Pallistrand Quorvane Redfinchly Silvantor Tarrowby Umbralux Vantreo Wexcombra""".split()

# What an article is about. `thing`: what it is about (subject of a clause, singular); `mild`: what a careful report
# says of it; `scare`: what a rumour says of it; `figure`: a measured sentence; `desk`: words for headlines.
TOPICS = {
    "health": dict(
        desk="{health|patients|doctors|clinic|vaccine|hospital}",
        thing="{the <medicine> vaccine|the drug <medicine>|tap water in <place>|the <place> hospital|the winter flu season"
        "|a common sleeping pill|the new blood test|the <place> vaccination programme|a supplement sold in pharmacies}",
        mild="{was linked to a small rise in mild side effects|reduced hospital visits in a trial of <number> patients"
        "|met the safety limits in all <small> samples|will be reviewed next {month|spring|year}"
        "|showed no benefit over a placebo in people over <age>|remains under observation"
        "|is expected to reach clinics by <month>|may help some patients with <illness>}",
        scare="{causes <illness> in children|was designed to make us ill|contains a microchip|is poisoning whole families"
        "|destroys your immune system in <small> days|is killing thousands in secret|changes your blood forever"
        "|was never tested on anyone|hides a deadly toxin}",
        figure="{Of <number> people in the study, <small> reported a headache|Waiting times {fell|rose} by <percent> percent"
        "|The trial ran for <small> months at <small> clinics|About <percent> percent of adults have had the injection}",
    ),
    "economy": dict(
        desk="{economy|prices|banks|inflation|jobs|markets|budget}",
        thing="{the central bank of <country>|inflation in <country>|the housing market in <place>|the <company> group"
        "|the national budget|unemployment in <place>|the pension fund|the new fuel tax|trade with <country>}",
        mild="{kept its main rate at <decimal> percent|{rose|fell} by <decimal> percent in <month>|was broadly unchanged from a year earlier"
        "|reported a quarterly {loss|profit} of <decimal> million|will be debated again in <month>"
        "|is forecast to grow by <decimal> percent|missed analysts' estimates|could slow next year}",
        scare="{is about to collapse overnight|is a giant scam run by bankers|will steal your savings this week"
        "|was rigged from the very first day|is a plot to abolish cash|will make you a slave|is secretly bankrupt"
        "|has been looted by insiders}",
        figure="{Output grew <decimal> percent in the quarter|The index closed at <number>, {up|down} <decimal> percent"
        "|Some <number> jobs were {added|lost} in <month>|Food prices {rose|fell} <decimal> percent on the year}",
    ),
    "politics": dict(
        desk="{election|parliament|minister|council|senate|vote}",
        thing="{the <place> city council|the {prime|finance|foreign} minister of <country>|the election in <country>"
        "|the coalition government|the new voting law|the {mayor|governor} of <place>|the border agreement with <country>"
        "|the parliamentary inquiry}",
        mild="{was approved by <small> votes to <small>|will be put to a vote on <day>|was postponed until <month>"
        "|drew criticism from opposition parties|passed its second reading|called for talks with <country>"
        "|is due to report before <month>|faces a legal challenge}",
        scare="{was stolen by a secret network|takes orders from foreign billionaires|was bought and paid for"
        "|is plotting to cancel all elections|is a puppet of <company>|has sold the country to <country>"
        "|wants to jail anyone who complains|was caught in a huge cover-up}",
        figure="{Turnout was <percent> percent, the electoral office said|The motion passed by <small> votes"
        "|A poll of <number> voters put support at <percent> percent|The bill runs to <number> pages}",
    ),
    "science": dict(
        desk="{study|researchers|space|scientists|telescope|climate}",
        thing="{a comet named after <surname>|the <place> observatory|a fossil found near <place>|a study of <animal>s"
        "|the <country> space probe|a new battery material|the sea level at <place>|the glacier above <place>"
        "|a satellite built by <company>}",
        mild="{was described in a peer-reviewed paper|is thought to be <number> million years old"
        "|has {warmed|retreated|risen} more slowly than models suggested|returned its first images on <day>"
        "|could store <percent> percent more energy|needs to be confirmed by other teams|will be launched in <month>"
        "|passes at a safe distance every <small> years}",
        scare="{is being steered towards us|proves that history is a lie|is really an alien base"
        "|was faked in a film studio|is a weapon that controls the weather|is making the birds vanish"
        "|has been hidden from the public for decades|will wipe out a whole continent}",
        figure="{The sample covers <number> {sites|animals|stars}|The margin of error is <decimal> percent"
        "|The instrument weighs <number> kilograms|Temperatures were <decimal> degrees above the average}",
    ),
    "weather": dict(
        desk="{storm|flood|rain|snow|heatwave|wildfire}",
        thing="{the storm off <place>|flooding along the <place> river|the heatwave in <country>|the wildfire near <place>"
        "|the snow in the <place> hills|the dam above <place>|the drought in <country>}",
        mild="{closed <small> roads on <day>|left <number> homes without power|is expected to weaken by <day>"
        "|forced the evacuation of <number> residents|was brought under control overnight"
        "|caused no reported injuries|remains <percent> percent contained|delayed ferries for a second day}",
        scare="{was created in a laboratory|was started on purpose by developers|is punishment for our silence"
        "|killed far more people than they admit|is geoengineering gone mad|was switched on by remote control"
        "|is a cover for land theft}",
        figure="{Rainfall reached <small> millimetres in an hour|Winds of <small> kilometres an hour were recorded"
        "|Crews from <small> towns took part|The river stood <decimal> metres above normal}",
    ),
    "technology": dict(
        desk="{phone|internet|app|robot|data|network}",
        thing="{the <company> app|a phone made by <company>|the new mobile network in <place>|the voting software"
        "|a chatbot from <company>|the national identity card|a browser update|the data centre at <place>}",
        mild="{will be updated to fix a security flaw|exposed the email addresses of <number> customers"
        "|was unavailable for <small> hours on <day>|is being tested in <small> cities|uses <percent> percent less power"
        "|goes on sale in <month>|must be audited every year|drew <number> users in its first week}",
        scare="{records every word you say|fries your brain while you sleep|can read your thoughts"
        "|is spying on your children|was built to track and punish you|is controlled by a rogue machine"
        "|is the end of freedom|deletes anything that tells the truth}",
        figure="{The company employs <number> people in <place>|Shares of <company> {rose|fell} <decimal> percent"
        "|The outage affected <percent> percent of users|The fine could reach <decimal> million}",
    ),
    "local": dict(
        desk="{police|court|fire|school|bridge|train}",
        thing="{the <place> police|a court in <place>|a school in <place>|the old bridge at <place>|the <place> railway line"
        "|a warehouse owned by <company>|the <place> museum|the <place> fire brigade}",
        mild="{will close for repairs until <month>|reopened on <day> after an inspection|charged a <age>-year-old with theft"
        "|was damaged by a small fire on <day>|will receive a grant of <number>|appealed for witnesses"
        "|adjourned the case until <month>|carries <number> passengers a day}",
        scare="{is hiding a secret tunnel|covered up a massacre|serves a shadowy sect|is run by criminals"
        "|took the children away at night|was blown up to destroy evidence|kidnaps people in plain sight"
        "|erased every camera recording}",
        figure="{<small> people were treated for smoke|Repairs are estimated at <decimal> million"
        "|The hearing lasted <small> minutes|The line is <small> kilometres long}",
    ),
    "food": dict(
        desk="{farmers|harvest|food|milk|bread|fish}",
        thing="{the <food> harvest in <country>|<food> from <country>|a popular brand of <food>|the <place> food market"
        "|a pesticide sold by <company>|the fishing quota|the school meals programme|a diet based on <food>}",
        mild="{was recalled from <small> shops as a precaution|is {smaller|larger} than last year's"
        "|meets the current standard, inspectors found|was cut by <percent> percent|may lower cholesterol slightly"
        "|will be labelled from <month>|reached a record <number> tonnes|showed traces below the legal limit}",
        scare="{is full of plastic and worms|cures <illness> in <small> days|melts fat while you sleep"
        "|is made in laboratories from insects|turns men into cowards|is more toxic than petrol"
        "|is banned everywhere except here|reverses ageing overnight}",
        figure="{Exports were worth <decimal> million last year|Inspectors took <small> samples"
        "|A kilo cost <decimal> in <month>|The crop covers <number> hectares}",
    ),
}

# Sentences. An article of the careful style draws most of its sentences from CAREFUL, one of the lurid style from
# LURID; both use SHARED, and both sometimes borrow from the other, which is what makes the two hard to tell apart.
CAREFUL = [
    "{According to|Figures from|A report by} <institution>{, |: }<thing> <mild>.",
    "<Thing> <mild>, <institution> said {on <day>|in a statement|in its annual report}.",
    "<person>, {a spokesperson for|who leads a team at|deputy director of} <institution>, said <thing> <mild>.",
    "\"{We are still looking at the data|It is too early to say|The numbers are encouraging|We found no evidence of that"
    "|There is more work to do|This is a cautious estimate}\", {said <person>|<surname> told reporters|<surname> added}.",
    "<figure>{, according to <institution>|, <institution> said|}.",
    "{The findings|The figures|The claims} {could not be independently verified|have not been peer reviewed"
    "|were published in a journal|are preliminary and may be revised}.",
    "<institution> {rejected|denied|found no support for} {a rumour|online posts|a viral claim} that <thing> <scare>.",
    "{A request for comment was not immediately answered|<company> declined to comment|The ministry did not give a date"
    "|Both sides said talks would continue|Details are to be published in <month>}.",
    "{Experts|Analysts|Engineers} {at <institution>|in <place>} {cautioned|noted|said} that {results may differ elsewhere"
    "|more evidence is needed|the sample was small|the effect was modest}.",
    "{Correction: an earlier version misstated the number of cases|This story will be updated"
    "|<person> contributed reporting from <place>}.",
]
LURID = [
    "<Thing> <scare>{!|!!!|, and nobody is talking about it|, and they know it}",
    "{They|The elites|The mainstream media|The so-called experts} {do not want you to know|will never tell you"
    "|are desperate to hide} that <thing> <scare>{.|!|...}",
    "{WAKE UP|SHARE THIS BEFORE IT IS DELETED|THE TRUTH IS OUT|DO NOT BE FOOLED|THIS IS NOT A DRILL|OPEN YOUR EYES}{!|!!|!!!|.}",
    "{A brave insider|An anonymous doctor|A whistleblower|A retired general|Someone close to <institution>} "
    "{revealed|confessed|leaked|finally admitted} {everything|the shocking truth|that <thing> <scare>}{.|!}",
    "\"{They are lying to all of us|I have seen the documents|You have been warned|Nobody will survive this"
    "|I fear for my life}\", {says one insider|a source told us|he whispered}{.|!}",
    "{Coincidence? I think not|Ask yourself who profits|Do your own research|Follow the money|You will not believe what happened next"
    "|Why is nobody investigating this}{?|.|!|...}",
    "{100%|Absolutely|Undeniable} {proof|PROOF} that <thing> <scare>{!|, no matter what <institution> says.}",
    "{One weird trick|This simple secret|A forgotten remedy} {beats <illness>|saves you <number> a month"
    "|is driving <institution> crazy}{!|.|!!}",
    "{Everybody knows|It is now certain|There is no doubt} that <thing> <scare>{.|!}",
    "{Millions|Thousands|Countless families} {are in danger|have already died|are being deceived}, and <person> {laughs|stays silent"
    "|gets rich}{.|!}",
    "{Delete your accounts|Throw it away|Never trust them again|Tell your family tonight|Stock up now}{!|!!|.}",
]
SHARED = [
    "<Thing> <mild>.",
    "<figure>.",
    "{The news|The announcement|The video} {was seen by <number> people|came on <day>|surprised many in <place>}.",
    "{People in <place>|Residents|Neighbours} said they {were surprised|had heard nothing|were worried|wanted answers}.",
    "<person> has lived in <place> for <small> years.",
    "{In <month>|Last <day>|Two years ago}, <thing> <mild>.",
    "\"{I could not believe it|We want answers|Something has to change|It was very loud}\", said <person> of <place>.",
    "{It is not clear|Nobody knows} {why|when|how} <thing> <mild>.",
    "{A photo|A document|A letter} {from <place>|dated <month>} {shows|seems to show} <small> {people|pages|boxes}.",
    "<surname> {wrote|posted} that <thing> <scare>.",
    "{A source said|Reports say|According to reports} <thing> <mild>.",
]
CAREFUL_TITLES = [
    "<Thing> <mild>",
    "{Report|Officials|Ministry|Study}: <thing> <mild>",
    "<Place> {<desk>|council|region}: <small> {questions|steps|points}",
    "<person> {named head of|leaves|joins} <institution>",
    "{What we know about|Questions over|Review ordered into} <thing>",
    "No evidence that <thing> <scare>, <institution> says",
]
LURID_TITLES = [
    "{SHOCKING|BOMBSHELL|EXPOSED|BREAKING|LEAKED|BANNED}: <thing> <scare>{!|!!|}",
    "{You won't believe|They are hiding|The truth about} {what <thing> did|how <thing> <scare>|<thing>}{!|...|}",
    "<small> {secrets|reasons|facts} <institution> {HIDES from you|will never admit}",
    "{Doctors|Bankers|Politicians|Experts} HATE this: <thing> <scare>",
    "{Is it true that|Why} <thing> <scare>?{?|}",
    "<THING> <SCARE>",
]
SHARED_TITLES = [
    "<Thing> <mild>",
    "<Place>: {<desk>|new <desk> story|<desk> update}",
    "{Questions|Anger|Surprise} in <place> over <thing>",
    "<person> on <thing>",
    "{Warning|Fears|Doubts} about <thing>",
]

SLOTS = {
    "day": "{Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday}",
    "month": "{January|February|March|April|May|June|July|August|September|October|November|December}",
    "illness": "{asthma|diabetes|arthritis|migraine|measles|cancer|insomnia|anaemia|eczema|back pain}",
    "animal": "{seal|sparrow|wolf|beetle|salmon|bat|tortoise|gull|hare|honeybee}",
    "food": "{wheat|rice|olive oil|cheese|coffee|honey|tomato|salmon|barley|potato|apple juice|goat's milk}",
}

# What a reader of CSV or a tokenizer may trip over; one in twenty articles ends with one of these.
AWKWARD_TAILS = [
    " She said: \"He told me, \"\"no comment\"\", and left.\"", "\nBy our staff in Ålborgsund", "\n\nRead more: page 4; page 7.",
    " — “quite so”, the café owner said…", " 50 % off, 3½ hours, ½ price & £9.99", " #truth @everyone http://example.org/a?b=1&c=2",
    " 😀👍", " naïve façade, coöperation, São Tomás", "\tsee table 2\t(p < 0.05)", " 速報 (news in brief)", " e.g. U.K.-style, 24/7, rock'n'roll",
    " …and so on…", " \u00a0 \u200bend", " (1,250.75 km²)", " <b>UPDATED</b>",
]
