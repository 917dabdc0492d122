"""Words that say nothing of what a claim is about, by language; kept without accents."""

from __future__ import annotations

from claimtrack.keys import word_set

#: Pronouns, articles, prepositions, auxiliaries. Left out on purpose: "no", "not" and "never",
#: "all", "most", "only", "first" and "against" can turn a claim round.
STOPWORDS = {
    "en": word_set(
        "a about after also am an and any are as at be because been before being but by can could "
        "did do does doing done for from get got had has have having he her here hers him his how "
        "i if im in into is it its itself just let like me my of off on or our ours out own "
        "really she so some such than that thats the their them then there these they this "
        "those through to too up us very was we were what when where which while who whom whose "
        "why will with would you your yours youre"
    ),
    "de": word_set(
        "aber als am an auch auf aus bei bin bis da damit das dass dem den der des die dies diese "
        "dieser du durch ein eine einem einen einer eines er es fur hat hatte ich ihm ihn ihr im "
        "in ist ja man mit nach noch nun nur ob oder sich sie sind so uber um und uns von vor war "
        "was wenn wer wie wird wir wo zu zum zur"
    ),
    "es": word_set(
        "a al como con cuando de del desde donde e el ella ellos en entre era es esa ese eso esta "
        "este esto fue ha han hasta hay la las le les lo los me mi o para pero por porque que "
        "quien se segun ser si sobre son su sus te tu un una uno unos y ya yo"
    ),
    "fr": word_set(
        "a au aux avec c ce cela ces cet cette d dans de des donc du elle en est et etait ete eu "
        "ils il j je l la le les leur leurs lui m ma mais me mes mon n ne nous on ont ou par pour "
        "qu que qui s sa se ses si son sont sur t te tu un une vous y"
    ),
    "it": word_set(
        "a ad agli ai al alla alle anche che chi ci come con da dal dalla degli dei del della "
        "delle di dove e ed era gli ha hanno i il in io la le lei li lo loro lui ma mi ne nei nel "
        "nella o per piu quando questa questo se si sono su sua sul sulla suo tra un una uno"
    ),
    "nl": word_set(
        "aan al als bij dat de den der des die dit door een en er had heb heeft het hij hun ik in "
        "is je kan maar me met mijn na naar nog nu of om ook op over te toen tot uit van voor "
        "was wat we wel werd wie wij wordt ze zich zij zijn zo zou"
    ),
    "pt": word_set(
        "a ao aos as com como da das de do dos e ela ele eles em entre era essa esse esta este "
        "foi ha isso ja la lhe mas me meu minha na nas no nos o os ou para pela pelo por quando "
        "que quem se ser seu sua sao tambem te tem um uma voce"
    ),
    "ru": word_set(
        "а без бы был была были было быть в во вот все вы где да для до его ее если есть еще же "
        "за и из или им их к как когда ко который кто ли мне мы на над него нее но о об он она "
        "они от по под при с со так также то тоже только у что чтобы эта эти это этот я"
    ),
    "ar": word_set(
        "ان انه انها الى التي الذي الذين او اي اذا بعد بين تم ثم حتى حول خلال ذلك عن عند على علي "
        "في فيه فيها قبل قد كان كانت كل كما لدى له لها مع من منذ منه منها هذا هذه هل هو هي هم هناك "
        "و وقد يتم"
    ),
    "hi": word_set(
        "इस उस एक और कर करने का कि की के को गई गए गया जो तक तो था थी थे ने पर भी में यह रहा रही रहे "
        "लिए वह वाले वाली से साथ हुआ हुई हुए है हैं हो होने"
    ),
}  # fmt: skip
