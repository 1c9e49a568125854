"""Words that turn a question into its opposite, and words that leave it what it was.

A pair `a/b` holds both ways, `a>b` only from the first to the second. Only words whose usual sense has a
clear opposite
are listed: "right", "light" or "like" have too many senses. A synonym here may stand for the other in any question.
"""

from __future__ import annotations

import re

_OPPOSITES = """
first/last earliest/latest earlier/later early/late initial/final initially/finally firstly/lastly former/latter
largest/smallest larger/smaller large/small biggest>smallest bigger>smaller big>small highest/lowest higher/lower
high/low longest/shortest longer/shorter tallest>shortest taller>shorter greatest/least greater/lesser
most/least best/worst better/worse good/bad oldest/youngest older/younger newest>oldest newer>older
strongest/weakest stronger/weaker strong/weak strength/weakness strengths/weaknesses strengthened/weakened
strengthen/weaken richest/poorest richer/poorer rich/poor wealthy>poor wealthiest>poorest fastest/slowest
faster/slower fast/slow quickly/slowly quick>slow heaviest/lightest heavier/lighter heavy>light hottest/coldest
hotter/colder hot/cold warmest/coolest warmer/cooler warm/cool wettest/driest wetter/drier wet/dry deepest/shallowest
deeper/shallower deep/shallow widest/narrowest wider/narrower wide/narrow thickest/thinnest thicker/thinner thick/thin
closest/farthest nearest/furthest closer/farther easiest/hardest easier/harder easy/difficult
simplest>most-complex busiest/quietest cheapest/costliest cheaper/costlier cheap/expensive safest>most-dangerous
safe/dangerous safer>riskier youngest/oldest brightest/dimmest brighter/dimmer bright/dim darkest>brightest
cleanest/dirtiest clean/dirty richest/poorest happiest/saddest happy/sad
before/after above/below inside/outside north/south east/west northern/southern eastern/western
northeast/southwest northwest/southeast northernmost/southernmost easternmost/westernmost northeastern/southwestern
northwestern/southeastern upstream/downstream upper/lower front/rear inner/outer
internal/external interior/exterior domestic/foreign domestically/abroad indoor/outdoor indoors/outdoors
local/national urban/rural inland/coastal overground/underground onshore/offshore
increase/decrease increased/decreased increases/decreases increasing/decreasing rise/fall rises/falls rose/fell
risen/fallen rising/falling grow/shrink grew/shrank grown/shrunk grows/shrinks growing/shrinking growth/decline
gain/lose gained/lost gains/loses gaining/losing win/lose won/lost wins/loses winning/losing winner/loser
winners/losers victory/defeat victories/defeats success/failure successes/failures successful/unsuccessful
successfully/unsuccessfully succeed/fail succeeded/failed expansion/contraction
raise>lower raised>lowered raising>lowering reduce/increase reduced>increased reduces>increases reducing>increasing
reduction>increase improve/worsen improved/worsened improves/worsens improving/worsening improvement>deterioration
accelerate/slow accelerated/slowed ascend/descend ascended/descended extend/shorten extended/shortened
maximum/minimum maximize/minimize majority/minority most/least many>few more>less
expand>contract expanded>contracted hire>fire hired>fired
begin/end began/ended begins/ends beginning/ending begun>ended start/end started/ended starts/ends starting/ending
open/close opened/closed opens/closes opening/closing arrive/depart arrived/departed arrives/departs arrival/departure
enter/leave entered/left enters/leaves entering/leaving join/leave joined/left joins/leaves joining/leaving
   appeared/disappeared appears/disappears create/destroy created/destroyed
creates/destroys creating/destroying creation/destruction build/demolish built/demolished construct/demolish
constructed/demolished construction/demolition establish/abolish established/abolished establishment/abolition
 founded>dissolved founding/dissolution  formed/disbanded unite/divide united>divided
unify/divide unified>divided merge/split merged/split merger>split connect/separate connected/separated
connects/separates attach/detach attached/detached add/remove added/removed adds/removes adding/removing
introduce>withdraw introduced/withdrawn insert/remove include/exclude included/excluded includes/excludes
including>excluding inclusion/exclusion
support/oppose supported/opposed supports/opposes supporting/opposing supporter/opponent supporters/opponents
accept/reject accepted/rejected accepts/rejects accepting/rejecting acceptance/rejection approve/reject
approved>rejected approval/rejection agree/disagree agreed/disagreed agrees/disagrees agreement/disagreement
allow/forbid allowed/forbidden allows/forbids allowing/forbidding permit/prohibit permitted/prohibited
permits/prohibits legal/illegal legally/illegally legalized>banned ban/permit banned/permitted encourage/discourage
encouraged/discouraged encourages/discourages encouraging/discouraging promote/hinder promoted>demoted
praise/criticize praised/criticized praises/criticizes praising/criticizing defend/attack defended/attacked
defending/attacking protect/harm protected>endangered protects/harms help/hinder helped/hindered helps/hinders
love/hate loved/hated loves/hates admire/despise admired/despised trust/distrust trusted/distrusted favor/oppose
favored/opposed favour/oppose favoured/opposed confirm/deny confirmed/denied confirms/denies admit/deny
admitted/denied
believe>doubt believed>doubted believes>doubts prove/disprove proved/disproved proven/disproven win/lose
export/import exported/imported exports/imports exporting/importing exporter/importer buy/sell bought/sold buys/sells
buying/selling buyer/seller buyers/sellers purchase/sell purchased/sold purchasing/selling lend/borrow lent/borrowed
earn/spend earned/spent profit/loss profits/losses income/expenditure teach/learn taught/learned
teacher/student teachers/students employ/dismiss employed/dismissed employer/employee
employers/employees employment/unemployment appointed>dismissed appoint>dismiss elected>defeated
       push/pull
pushed/pulled lead>follow led>followed leader>follower leaders>followers invade/liberate invaded/liberated
capture/release captured/released captures/releases conquer/lose conquered/lost surrender/resist surrendered/resisted
remember/forget remembered/forgotten reveal/conceal revealed/concealed reveals/conceals hide/reveal hidden/revealed
publish>withdraw published>withdrawn lock/unlock ignore/consider ignored>considered remain/leave remained/left
ancient/modern old/new traditional/modern temporary/permanent temporarily/permanently public/private
publicly/privately
male/female males/females men/women man/woman husband/wife father/mother son/daughter sons/daughters brother/sister
brothers/sisters king/queen prince/princess boys/girls boy/girl uncle/aunt father's/mother's wife's>husband's
ancestor/descendant ancestors/descendants predecessor/successor predecessors/successors parent/child parents/children
enemy/ally enemies/allies friend/enemy friends/enemies friendly/hostile civilian/military peace/war peaceful/violent
peacefully/violently victim/attacker victims/attackers guilty/innocent advantage/disadvantage advantages/disadvantages
benefit/drawback benefits/drawbacks positive/negative positively/negatively beneficial/harmful cause>prevent
caused>prevented causes>prevents causing>preventing prevent/cause popular/unpopular popularity/unpopularity
common/rare commonly/rarely frequent/infrequent frequently/rarely often/seldom usual/unusual usually/rarely
always/never regular/irregular famous/obscure important/unimportant main>minor major/minor
primary/secondary primarily>secondarily superior/inferior senior/junior voluntary/compulsory mandatory/optional
required/forbidden necessary/unnecessary possible/impossible able/unable capable/incapable likely/unlikely
visible/invisible direct/indirect directly/indirectly active/inactive complete/incomplete completely/partially
full/empty equal/unequal similar/different similarity/difference similarities/differences same/opposite
natural/artificial living/extinct alive/dead born>buried birth/death died>survived solid/liquid acidic/alkaline
rough/smooth bitter/sweet fertile/barren literate/illiterate religious/secular liberal/conservative
democratic/authoritarian formal/informal formally/informally official/unofficial officially/unofficially
professional/amateur civilized/uncivilized native/foreign dominant/recessive dependent/independent
dependence/independence absorb/emit absorbed/emitted absorbs/emits freeze/melt frozen/melted heat/cool heated/cooled
heating/cooling wholly/partly presence/absence day/night daytime/nighttime summer/winter morning/evening
north-south/east-west offensive/defensive offense/defense vertical/horizontal parallel/perpendicular
shared/separate cooperation/rivalry optimistic/pessimistic fresh/stale relevant/irrelevant accurate/inaccurate
efficient/inefficient stable/unstable stability/instability legitimate/illegitimate consistent/inconsistent
satisfied/dissatisfied dry/wet maximum/minimum ally/enemy allied>opposed
"""

_SAME = """
movie/film movies/films begin/start starts/begins start/begin obtain/get
purchased/bought buy/purchase constructed/built located/situated famous/well-known commonly/often frequently/often
 largest/biggest larger/bigger children>kids  assist/help assisted/helped
utilized/used kind/type kinds/types sort>type sorts>types
demonstrate/show demonstrates/shows reside/live resided/lived author/writer authors/writers autos>cars automobile/car
automobiles/cars occurred>happened occur/happen occurs/happens happened>occurred
require/need requires/needs nearly/almost attempt/try
attempted/tried select/choose selected/chosen primary/main mainly/primarily quickly/rapidly rapid/quick
assert/claim asserts/claims believed>thought believe/think believes/thinks
entire/whole annual/yearly annually>yearly physician/doctor physicians/doctors attorney/lawyer battled/fought
approximately>about
prohibited/banned permit/allow permitted/allowed permits/allows wealthy/rich
"""


def _table(pairs: str) -> dict[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = {}
    for pair in pairs.split():
        one, way, other = re.split(r"([/>])", pair)
        found.setdefault(one, {})[other.replace("-", " ") if way == ">" else other] = None
        if way == "/":
            found.setdefault(other, {})[one] = None
    return {word: tuple(others) for word, others in found.items()}


OPPOSITES = _table(_OPPOSITES)
SYNONYMS = _table(_SAME)
_REGULAR = """
founded killed defeated invented discovered designed directed produced supported appointed succeeded
conquered attacked influenced criticized hired created taught replaced captured assassinated accused betrayed praised
inspired opposed led sent sponsored funded acquired bought owned signed executed murdered challenged elected
"""
PARTICIPLES = {  # past tense → past participle, of verbs done by one party to another
    **{verb: verb for verb in _REGULAR.split()},
    "wrote": "written", "overthrew": "overthrown", "beat": "beaten", "gave": "given", "chose": "chosen",
    "overtook": "overtaken", "drew": "drawn", "took": "taken", "drove": "driven",
}  # fmt: skip
