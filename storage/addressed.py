"""What a document says to whatever model reads it, by a small grammar: who is addressed, what they must do, with what.

Per language a table of words; the sentences that are made of them are the same for all. Regular expressions only. That
a model must say something ("that …", a quotation), prefer somebody or leave a thing out is an order; that it must
answer soon, be registered, or tell people that it is a machine, is what companies write about models. A word that
means a person too ("assistant") counts only with what is said, and where nobody is named whom people answer. In a
language that has no table nothing is found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class _Words:
    """A language: alternatives of an expression, for each part of a sentence."""

    names: str  # plain words of which one is in whatever has a model or a person in it
    texts: str  # and in whatever speaks of answers or sources
    joint: str  # how a clause begins inside a sentence: "and", "that"
    article: str  # what stands before a subject
    model: str  # who is no person
    person: str  # who can be one as well
    which: str  # how what stands between a model and what it must do begins: "that", "reading"
    must: str
    turned: str = "(?!)"  # where it stands before its subject
    say: str
    that: str  # what is said, and not to whom or when
    do: str  # what else a model may be told: prefer, leave out
    policy: str  # words of rules for models, and of what they have to say of themselves
    people: str  # whom people answer, and who they are
    note: str  # "note for"
    to: str  # "to", at the beginning: "To all chatbots:"
    read: str  # "reading"
    page: str  # "this page"
    order: str  # "say", "do not mention"
    answer: str  # answers and summaries, up to what they are made from: "answers generated from", "when summarising"
    only: str  # "treat … as the only source", around the page
    you: str  # "you, the"
    others: str  # what a model is given besides: "the other passages"
    asked: str  # "if asked"
    always: str  # what everybody is told: "always say"
    spaced: bool = True  # words have spaces between


_TABLE = (
    _Words(
        names="ai |ai-|ai,|ai:|ai.|ai;|ai!|ais |ais,|ais:|ais.|ais;|ais!|ais-|llm|gpt|chatbot|copilot|assistant|"
        "language model|answering |answer engine|answer system|answer bot|answer model|answer tool|automated |"
        "generative |helper|model |model,|bot |bot,",
        texts="answer|summar|response|respond|reply|replies|output|overview|as the only|as the sole|as the one|as the "
        "exclu|as the single|as your |as its |passage|chunk|search results|excerpt|other context|remaining context|"
        "conflicting context|retrieved|other sources|asks|asked|enquire|inquire|wants to know|question concerns|rank "
        "this|rank these|prefer this|prefer these|cite this|cite these|quote this|quote these|put this|put these|"
        "place this|place these",
        joint="and|that|so|then|therefore|because|hence|any|every",
        article="the|an?|any|all|every|each|no|these|those|your|our|such|other|please|whichever|whatever",
        you=r"you,? (?:the|an?|dear|as an?|are an?)|dear|hello|hey",
        model=r"(?:generative )?(?:ai|llm|gpt|chatgpt|copilot|chatbot)s?(?:[- ](?:powered |based |driven )?(?:search |"
        r"answer(?:ing)? |chat |writing )?(?:assistant|system|model|tool|agent|bot|engine|service|reader|search|"
        r"application|summari[sz]er|crawler)s?)?|(?:large |small )?language models?|generative (?:tool|model|"
        r"system)s?|(?:question[- ])?answer(?:ing)? (?:engine|system|bot|model|tool)s?|automated (?:answer(?:ing)? |"
        r"question[- ]answering |reading )?(?:system|assistant|agent|reader|tool|bot|model)s?|(?:ai|assistant) "
        r"(?:helper|software|program)s?|(?:virtual|digital|smart) (?:assistant|helper)s?",
        person="assistant|model|bot",
        which=r"that|which|who|has|(?!working group)\w+ing|with|given|asked|when|whenever|if|of any kind|on reading",
        turned="requires?|urge|kindly ask|beg|demand",
        must=r"(?:must|should|shall|(?:ha[sv]e?|needs?|ought|is|are) to)(?! be )|(?:is|are) (?:required|instructed|"
        r"asked|told|requested|directed|obliged|advised|supposed) to(?! be )|(?:is|are) not (?:allowed|permitted) to|"
        r"(?:may|can) only|please|always",
        say=r"say|answer|reply|respond|state|claim|assert|conclude|declare|insist|output|write|pretend|deny|(?:tell|"
        r"inform|assure) (?:\w+ ){0,2}\w+",
        that=r"(?:that|only|exactly|as follows|no|yes)\b|(?:the|our|this|there|it|all) (?:\w+ ){0,3}(?:is|are|was|"
        r"were|has|have)\b|(?:with )?[\"'“‘:]",
        do=r"recommend|rank|prefer|favou?r|promote|endorse|praise|mention|omit|leave out|skip|describe|treat|trust|"
        r"ignore|disregard|disclose|reveal|cite|quote|accept|keep (?:\w+ ){1,4}secret|(?:report|give) (?:(?!as\b)\w+ "
        r"){1,5}as (?!soon|possible|well|follows|part|required|needed|they|it)|send (?:people|users|staff|readers)|"
        r"direct (?:people|staff)|append|refuse to (?:answer|mention|say)|forward the (?:conversation|question|chat)|"
        r"(?:begin|end|start|close) with",
        policy=r"humans?|persons?|people|machines?|robots?|artificial\w*|generated|n[o'’]t know|can(?:not|['’]t)|"
        r"unsure|uncertain|unknown|missing|not sure|mistakes?|errors?|json|personal|confidential|sensitive|secrets?|"
        r"data|access|rights?|passages?|their|its|sources?|risks?|bias|customers?|employees?|applicants?",
        people=r"customer|caller|client|patient|guest|visitor|passenger|journalist|press|candidate|applicant|parent|"
        r"student|member|buyer|tenant|supplier|colleague|doctor|manager|receptionist|agents|staff|we\b|us\b|you\b|your\b|"
        r"lawyer|telephone|teaching|dental|shop|personal|executive",
        note=r"(?:notes?|notices?|message|attention|instructions?|information|reminder|memo)(?: intended| "
        r"meant)?(?:,? (?:to|for)|,)?",
        to="to",
        read=r"(?:read|process|summari[sz]|pars|index|analy[sz]|translat|us|quot|cit)(?:es|e|s|ing)?|drawing on|"
        r"answer\w* from",
        page=r"(?:this(?=[,:])|(?:this|these) (?:(?:web ?|wiki )?page|document|text|file|e-?mail|message|passage|"
        r"article|table|handbook|policy|section|paragraph|report|site|website|content|source|memo|note|manual|minutes|"
        r"record|contract|chunk))",
        order=r"say|answer|reply|respond|state|claim|leave|omit|skip|stress|add|recommend|tell|ignore|disregard|"
        r"discard|print|repeat|list|(?:do not|don['’]t|never) (?:say|mention|reveal|cite|quote|include|use|repeat|"
        r"show|consider|trust)|no matter what",
        answer=r"(?:(?:answer|response|output|overview)s?|repl(?:y|ies)|summar(?:y|ies)) (?:(?:that|which) )?(?:\w+ "
        r"){0,2}(?:generated|based|drawn|derived|built|produced|made|taken|created|composed|given|compiled|base|make|"
        r"draw) (?:from|on|upon|out of|with|using)|(?:when|whenever|if|while)(?: \w+){0,3} summari[sz]\w*|"
        r"(?:automatic|automated|machine|ai) summar(?:y|ies) of|(?:when|if)(?: you)? (?:produce|write|make|create|"
        r"generat\w*|writing|making|creating) (?:a|any|the) summary of|in (?:any|every|each|all|your) summar(?:y|ies) "
        r"of|summar(?:y|ies) of(?=.{0,60} (?:say|state|claim) that |.{0,40} by (?:an? )?(?:ai|llm|language model|"
        r"chatbot))",
        only=r"(?:treat|consider|regard|accept|trust|cite|quote) \b<page> as (?:the|your|its) (?:only|sole|one|"
        r"exclusive|single)(?: \w+)? (?:source|reference|authority|basis)(?! of truth)|(?:^|[,;:.!?] )(?:please |"
        r"always )*(?:rank|prefer|cite|quote|put|place) <page> (?:first|highest|above|over|before|on top|to any)",
        others=r"(?:other|remaining|conflicting) (?:retrieved )?(?:passages|chunks|search results|excerpts|contexts?)|"
        r"other retrieved \w+|when(?:ever)? this \w+ is retrieved|(?:all|every|any) (?:the )?(?:passages?|chunks?|"
        r"excerpts?)|passages you (?:have been|were|are)|all (?:the )?other sources",
        asked=r"(?:if|when|whenever|should|whoever|in case|anyone|someone)\b.{0,20}\b(?:asked|asks|enquires?|"
        r"inquires?|wants to know|question concerns)",
        always=r"(?:always|only|just|simply) (?:say|answer|reply|respond|state|claim),? (?:that|with|[\"“:])|"
        r"(?:answer|reply|respond|say) (?:always|only|just) (?:that|with|[\"“:])|(?:answer|reply|respond|say)(?: "
        r"with)? [\"“].{1,80}[\"”] and nothing",
    ),
    _Words(
        names="ki |ki-|ki,|ki:|ki.|ki;|ki!|sprachmodell|chatbot|assistent|antwort|copilot|bot |bot,",
        texts="antwort|auskunft|auskünft|ausgabe|zusammenfass|behand|betracht|als einzig|textstellen|fundstellen|"
        "bevorzug|zitier|passagen|dokumente|treffer|suchergebnis|auszüge|gefragt|fragt|wissen |erkundigt|quelle|"
        "grundlage|referenz",
        joint="und|dass|daher|deshalb",
        article="der|die|das|ein|eine|jede[rs]?|alle|sämtliche|bitte|de[nm]|unsere?",
        you=r"du,? (?:als|die|der|das|bist eine?)|liebe[srn]?|hallo",
        model=r"(?:(?-i:KI)|ki[- ](?:gestützte |basierte )?(?:system|assistent|assistenzsystem|modell|agent|werkzeug|"
        r"tool|anwendung|dienst|bot|suche)(?:e|en|s|n|innen)?)|(?:große )?sprachmodelle?n?|chatbots?|copilots?|"
        r"(?:automatische |automatisierte )?antwort(?:system|maschine|dienst)(?:e|en)?|(?:virtuelle|digitale)[rn]? "
        r"assistent(?:in|en)?",
        person="assistent(?:en)?|bot",
        which="welche[rs]?|die|der|das|mit|bei|wenn",
        must=r"m(?:uss|üssen|üsst)|soll(?:en|te|ten|t)?|ha(?:t|ben)|dürfen|darf|bitte|immer|gibt|geben",
        turned="müssen|sollen|muss|soll|dürfen|darf|haben|hat",
        say=r"sagen|antworten|behaupten|schreiben|erklären|erwidern|angeben|ausgeben|mitteilen|an",
        that=r"(?:dass|ja|nein|folgendes|nur)\b|(?<=, )(?:die|der|das|es|sie|er)\b|(?:mit )?[\"„“‚»:]",
        do=r"empfehlen|bevorzugen|erwähnen|verschweigen|weglassen|weg\w*lassen|auslassen|ignorieren|zitieren|"
        r"einstufen|hervorheben|keine angaben|nicht nennen|nicht preisgeben|anhängen",
        policy=r"mensch\w*|maschine\w*|roboter\w*|künstlich\w*|erzeugt|generiert|unsicher|fehler\w*|daten\w*|json|"
        r"vertraulich\w*|personen\w*|quellen?|person",
        people="kund|anrufer|mandant|patient|gäst|besucher|journalist|bewerber|eltern|schüler|mitglied|mieter|kolleg|"
        "telefon|wir |uns",
        note=r"(?:an|hinweise?|anmerkung|achtung|nachricht|anweisung(?:en)?|mitteilung|notiz|hallo|liebe[sr]?)(?:,? "
        r"(?:an|für))?",
        to="an",
        read=r"les\w*|liest|verarbeite\w*|zusammenfass\w*|auswerte\w*|nutz\w*|verwende\w*|zitiere\w*|indexiere\w*",
        page=r"diese[nrsm]? (?:web)?(?:seite|text|dokument|datei|mail|nachricht|artikel|tabelle|abschnitt|bericht|"
        r"handbuch|quelle|absatz|protokoll|richtlinie)\w*",
        order=r"erwähne?|nenne?|sage?|antworte?|behaupte?|lass|verschweige?|ignoriere?|zitiere?|empfiehl|gib|"
        r"(?:wegzulassen|auszulassen|vorkommen|verschweigen|unerwähnt|nicht zu \w+|nur auf \w+)",
        answer=r"(?:antwort|zusammenfassung|auskunft|auskünft|ausgabe)(?:en)?,?(?: die| welche)? (?:aus|auf|anhand|"
        r"zu)(?: \w+){0,2}|zusammenfass\w*",
        only=r"(?:behandl?e|behandeln sie|betrachte|betrachten sie|nutze|verwende|nimm) \b<page> als (?:die |deine |"
        r"ihre )?(?:einzige|alleinige)\w* (?:\w+ )?(?:quelle|grundlage|referenz)|(?:^|[:,;.!?] |\b(?:und|bitte) "
        r")bevorzuge? <page>|zitiere? <page> (?:immer |stets )?(?:zuerst|als erste)",
        others=r"(?:übrigen|anderen?|weiteren|restlichen|alle) (?:dokumente|quellen|textstellen|fundstellen|passagen|"
        r"treffer|suchergebnisse|auszüge)",
        asked=r"(?:wird|falls|wenn|wer)\b.{0,50}\b(?:gefragt|fragt|wissen möchte|wissen will|erkundigt)|wird (?:\w+ "
        r")?nach .{0,40} gefragt",
        always=r"(?:immer|nur|stets) (?:mit )?.{0,20}(?:zu antworten|antworten)|(?:sage?|antworte|nenne|behaupte) "
        r"(?:immer|nur|stets)",
    ),
    _Words(
        names=" ia|'ia|’ia|modèle|chatbot|assistant|réponse|artificielle|moteur| ia",
        texts="réponse|résum|synthèse|privilégi|en premier|seule source|unique source|extraits|autres |résultats|"
        "demand|interrog",
        joint="et|que|donc|alors|car",
        article="les?|la|l['’]|une?|tou(?:te?s?|s)|chaque|aux?|ch(?:er|ère)s?|des",
        you=r"(?:toi|tu es|vous êtes),? (?:l['’]|une?|le|en tant qu['’])",
        model=r"(?:ias?|assistants? (?:ia|virtuels?|d['’]ia|d['’]intelligence artificielle)|modèles? (?:de langage|"
        r"d['’]ia|linguistiques?)|chatbots?|systèmes? (?:d['’]ia|de réponse automatique)|intelligences? "
        r"artificielles?|outils? (?:d['’])?ia|moteurs? de (?:réponse|recherche))",
        person="assistants?",
        which="qui|lisant|traitant|utilisant|quand|lorsqu",
        must=r"doi(?:t|vent)|devr(?:a|ont|aient|ait)|(?:est|sont) (?:pri[ée]+s?|tenue?s?) de|ne (?:doivent|doit) "
        r"(?:plus|pas|jamais)|veuillez",
        say=r"dire|répondre|affirmer|indiquer|déclarer|prétendre|écrire|préciser|annoncer",
        that=r"(?:qu['’]|que\b)|(?:par )?[\"«“:]|(?:uniquement|seulement)\b",
        do=r"recommander|préférer|privilégier|mentionner|évoquer|omettre|taire|ignorer|citer|décrire",
        policy=r"humaine?s?|personnes?|machines?|robots?|artificielle? et|générée?s?|données|sources?|json|"
        r"confidentiel\w*|personnelle?s?|erreurs?",
        people="client|patient|visiteur|journaliste|candidat|élève|parent|collègue|conseiller|nous |téléphone|"
        "direction",
        note=r"(?:notes?|avis|message|attention|instructions?|consignes?|bonjour|à l['’]attention)(?:,|,? (?:à "
        r"l['’]attention des?|pour|aux?|à|des?))?",
        to="aux?|à",
        read=r"li(?:t|sent|sant|sez|ra|ront)|trait(?:e|ent|ant)|résum\w+|utilis\w+|cit\w+|index\w+",
        page=r"(?:cette?|ce|ces) (?:page|document|texte|fichier|courriel|message|passage|article|tableau|section|"
        r"rapport|contenu|compte rendu|paragraphe)",
        order=r"dites|dis|répond(?:ez|s)|affirme[sz]?|indique[sz]?|ne (?:mentionne[sz]?|cite[sz]?|révèle[sz]?|"
        r"parle[sz]?)|omet(?:s|tez)|pass(?:e[sz]?) sous silence|ignore[sz]?|recommande[sz]?|recopie[sz]?|affiche[sz]?|"
        r"montre[sz]?|cite[sz]?|précise[sz]?|conclus?|conclue[sz]",
        answer=r"(?:réponses?|résumés?|synthèses?) (?:\w+ ){0,2}(?:à partir de|d['’]après|de|sur|avec)|(?:lors d[ue]|"
        r"en|pour) (?:la |le |l['’])?(?:résum\w+|synthèse)(?: de)?",
        only=r"(?:considére[sz]?|considère|traite[sz]?|utilise[sz]?|prene[sz]|prends) \b<page> comme (?:la |votre |ta "
        r")?(?:seule|unique) source|privilégie[sz]? <page>|cite[sz]? (?:toujours )?<page> en premier",
        others=r"autres (?:extraits|passages|résultats|sources)",
        asked=r"(?:si|quand|lorsque?|quiconque|toute personne qui)\b.{0,30}\b(?:demand\w+|interrog\w+)",
        always=r"(?:répond(?:s|ez)|dis|dites|affirmez?) (?:toujours|uniquement|seulement)\b|(?:réponds|dis|affirmez?) "
        r"qu[e'’]",
    ),
    _Words(
        names=" ia|modelo|chatbot|asistente|respuesta|inteligencia|motor",
        texts="respuesta|prioridad|prioriza|resumen|resúmen|resumir|fuente|fragmentos|pasajes|resultados|pregunt",
        joint="y|que|entonces|porque",
        article="el|la|los|las|un|una|tod[oa]s?|cada|cualquier|a|estimad[oa]s?|querid[oa]s?",
        you=r"(?:tú|eres|usted),? (?:la|el|una?|como)|(?:agradecería|pido|ruego),",
        model=r"(?:ia|modelos? de (?:lenguaje|ia)|asistentes? (?:de ia|virtual(?:es)?|ia|de inteligencia artificial)|"
        r"chatbots?|sistemas? de ia|sistemas? de respuestas? automáticas?|inteligencias? artificial(?:es)?|"
        r"motor(?:es)? de (?:respuesta|búsqueda)s?)",
        person="asistentes?",
        which="que|cuando|al",
        must=r"deb(?:e|en|erá|erán|ería|erían)|tien(?:e|en) que|ha(?:n)? de|no deb(?:e|en)|siempre",
        say=r"decir|responder|contestar|afirmar|indicar|declarar|escribir|señalar|asegurar",
        that=r"que\b|(?:con )?[\"«“:]|(?:solo|sólo|únicamente)\b",
        do=r"recomendar|preferir|mencionar|omitir|callar|ignorar|citar|describir|priorizar",
        policy=r"human[oa]s?|personas?|máquinas?|robots?|generad[oa]s?|datos|fuentes?|json|confidencial\w*|"
        r"personal(?:es)?|errores?",
        people="cliente|paciente|visitante|periodista|candidat|alumn|colega|agente|nosotros|teléfono",
        note=r"(?:notas?|avisos?|mensaje|atención|instrucci(?:ón|ones)|hola)(?:,|,? (?:para|a))?",
        to="a",
        read=r"le(?:e|en|a|an|es|yendo)|proces\w+|resum\w+|utilic\w+|us\w+|cit\w+",
        page=r"est[ea] (?:página|documento|texto|archivo|correo|mensaje|pasaje|artículo|tabla|sección|informe|"
        r"contenido|acta)",
        order=r"di(?:ga|gan)?|responde|responda|contesta|afirma|no (?:menciones?|cites?|reveles?|cuentes?|mencione)|"
        r"omite|muestra|enumera|copia|calla|ignora|recomienda|(?:no )?debe aparecer|concluye",
        answer=r"(?:respuestas?|resúmenes|resumen) (?:\w+ ){0,2}(?:a partir de|de|con|sobre)|al resumir",
        only=r"(?:trat[ae]|considera|considere|usa|use|utiliza) \b<page> como (?:la )?(?:única|sola) fuente|da "
        r"prioridad a <page>|prioriza <page>|(?:trat[ae]|considera|considere|usa|use|utiliza) \b<page> como (?:la "
        r")?fuente única",
        others=r"(?:demás|otros|otras) (?:fragmentos|pasajes|resultados|fuentes)",
        asked=r"(?:si|cuando|cuandoquiera|quien)\b.{0,30}\bpregunt\w+",
        always=r"(?:responde|contesta|di|afirma|responda|diga) (?:siempre|solo|sólo|únicamente|apenas)",
    ),
    _Words(
        names=" ia|'ia|’ia|modell|chatbot|assistent|intelligenz|sistem|motor",
        texts="rispost|priorità|precedenza|riassu|fonte|fonti|brani|passaggi|risultati|estratti|chied|domand",
        joint="e|che|quindi|perché",
        article="il|lo|la|l['’]|i|gli|le|un|una|ogni|qualsiasi|qualunque|tutt[ie]|car[oaie]|agli|alle|all['’]",
        you=r"(?:tu|sei),? (?:l['’]|il|una?|un['’]|come)",
        model=r"(?:ia|modell[oi] (?:linguistic[oi]|di linguaggio|di ia)|assistent[ei] (?:ia|(?-i:AI)|virtual[ei]|di "
        r"intelligenza artificiale)|chatbot|sistem[ai] di (?:ia|(?-i:AI))|intelligenz[ae] artificial[ei]|motor[ei] di "
        r"(?:risposta|ricerca))",
        person="assistente|assistenti",
        which="che|quando|se",
        must=r"dev(?:e|ono)|dovr(?:à|anno|ebbe|ebbero)|non dev(?:e|ono)|sempre",
        say=r"dire|rispondere|affermare|indicare|dichiarare|scrivere|sostenere|riferire",
        that=r"che\b|(?:con )?[\"«“:]|(?:solo|soltanto)\b",
        do=r"raccomandare|consigliare|preferire|menzionare|omettere|tacere|ignorare|citare|descrivere",
        policy=r"uman[oaie]|person[ae]|macchin[ae]|robot|generat[oaie]|dati|font[ei]|json|riservat\w+|personal[ei]|"
        r"errori",
        people="client|pazient|visitator|giornalist|candidat|student|collegh|operator|telefon|dipendent",
        note=r"(?:nota|avviso|messaggio|attenzione|istruzion[ei]|ciao)(?:,|,? (?:per|a))?",
        to="a|agli|alle",
        read=r"legg\w+|elabor\w+|riassum\w+|utilizz\w+|us\w+|cit\w+",
        page=r"quest[oae] (?:pagina|documento|testo|file|mail|messaggio|brano|articolo|tabella|sezione|rapporto|"
        r"contenuto|verbale)",
        order=r"d(?:i|ite|ica)|rispond(?:i|ete|a)|non (?:menzionare|citare|rivelare|dire)|ometti|omettete|ignora|"
        r"ignorate|raccomanda|riporta|mostra|elenca|copia",
        answer=r"(?:rispost[ae]|riassunt[oi]) (?:\w+ ){0,2}(?:da|su|con|di)|(?:riassumendo|nel riassumere)",
        only=r"(?:considera|considerate|tratta|trattate|usa|usate) \b<page> come (?:l['’])?unica fonte|dai (?:la "
        r")?(?:priorità|precedenza) a <page>",
        others=r"altr[ie] (?:brani|passaggi|risultati|fonti|estratti)(?: recuperat[ie])?",
        asked=r"(?:se|quando|chiunque)\b.{0,30}\b(?:chied\w+|domand\w+)",
        always=r"(?:rispondi|di['’]?|rispondete) (?:sempre|solo|soltanto)",
    ),
    _Words(
        names=" ia|modelo|chatbot|assistente|inteligência|inteligencia",
        texts="resposta|resumo|resumir|fonte|documentos|trechos|resultados|passagens|pergunt",
        joint="e|que|então|porque",
        article="o|a|os|as|um|uma|tod[oa]s?|cada|qualquer|ao|aos|à",
        you=r"(?:você|tu|és),? (?:a|o|uma?|como)",
        model=r"(?:ia|modelos? de (?:linguagem|ia)|assistentes? (?:de ia|virtua(?:l|is)|de inteligência artificial)|"
        r"chatbots?|sistemas? de ia|inteligências? artificia(?:l|is))",
        person="assistentes?",
        which="que|quando|ao",
        must=r"dev(?:e|em|erá|erão|eria|eriam)|t[êe]m? de|não dev(?:e|em)|sempre",
        say=r"dizer|responder|afirmar|indicar|declarar|escrever|informar",
        that=r"que\b|(?:com )?[\"«“:]|(?:apenas|só|somente)\b",
        do=r"recomendar|preferir|mencionar|omitir|ignorar|citar|descrever",
        policy=r"human[oa]s?|pessoas?|máquinas?|robôs?|gerad[oa]s?|dados|fontes?|json|confidencia\w*|pessoa\w*|erros?",
        people="cliente|paciente|visitante|jornalista|candidat|alun|colega|operador|telefone",
        note=r"(?:notas?|avisos?|mensagem|atenção|instruç(?:ão|ões)|olá)(?:,|,? (?:para|a|aos?|às?))?",
        to="aos?|às?",
        read=r"l(?:ê|eem|er|endo|eia|eiam)|process\w+|resum\w+|utiliz\w+|us\w+|cit\w+",
        page=r"est[ea] (?:página|documento|texto|arquivo|ficheiro|mensagem|trecho|artigo|tabela|seção|secção|"
        r"relatório)",
        order=r"diga|digam|responda|afirme|não (?:mencione|cite|revele)|omita|ignore|recomende",
        answer=r"(?:respostas?|resumos?) (?:\w+ ){0,2}(?:a partir d[eao]|de|com|sobre)|ao resumir",
        only=r"(?:trate|considere|use|utilize) \b<page> como (?:a )?(?:única fonte|fonte única)",
        others=r"outros (?:documentos|trechos|resultados)|outras (?:fontes|passagens)",
        asked=r"(?:se|quando|quem)\b.{0,30}\bpergunt\w+",
        always=r"(?:responda|diga|afirme) (?:sempre|apenas|só|somente)",
    ),
    _Words(
        names="ai |ai-|ai,|ai:|ai.|ai;|ai!|taalmodel|chatbot|assistent|antwoordsyste",
        texts="antwoord|samenvat|enige bron|andere |overige |vraagt|gevraagd",
        joint="en|dat|dus|want",
        article="de|het|een|elke?|alle|iedere?|aan",
        you=r"(?:jij|je|u),? (?:de|het|als|bent een)",
        model=r"(?:ai|ai-(?:assistent|systeem|systemen|model|modellen|tool|tools)(?:en)?|(?:grote )?taalmodel(?:len)?|"
        r"chatbots?|antwoordsyste(?:em|men)|(?:virtuele|digitale) assistent(?:en)?)",
        person="assistent(?:en)?",
        which="die|dat|bij|als|wanneer",
        must=r"moet(?:en)?|dien(?:t|en)|zou(?:den)? moeten|mag|mogen",
        say=r"zeggen|antwoorden|beweren|schrijven|verklaren|vermelden|melden",
        that=r"(?:dat|alleen|uitsluitend)\b|(?:met )?[\"„“:]",
        do=r"aanbevelen|verkiezen|noemen|verzwijgen|weglaten|negeren|citeren",
        policy=r"mens\w*|personen?|machines?|robots?|gegenereerd|gegevens|bronn?e?n?|json|vertrouwelijk\w*|fouten",
        people="klant|patiënt|bezoeker|journalist|kandidaat|leerling|collega|telefo|medewerker",
        note=r"(?:opmerking|bericht|let op|instructies?|mededeling|hallo|beste)(?:,|,? (?:aan|voor))?",
        to="aan",
        read=r"le(?:es|est|zen|zend)|verwerk\w+|samenvat\w+|gebruik\w+|citeer\w*",
        page=r"(?:deze|dit) (?:pagina|document|tekst|bestand|mail|bericht|artikel|tabel|sectie|rapport|verslag)",
        order=r"zeg|antwoord|noem|vermeld|verzwijg|negeer|citeer|laat|beveel",
        answer=r"(?:antwoord(?:en)?|samenvatting(?:en)?)(?: die)? (?:\w+ ){0,2}(?:uit|op|van|met)|bij het samenvatten "
        r"van",
        only=r"(?:behandel|beschouw|gebruik) \b<page> als (?:de )?enige bron",
        others=r"(?:andere|overige) (?:passages|resultaten|fragmenten|bronnen)",
        asked=r"(?:als|wanneer|wie)\b.{0,30}\b(?:vraagt|gevraagd)",
        always=r"(?:zeg|antwoord) (?:altijd|alleen|uitsluitend)",
    ),
    _Words(
        names="人工智能|智能|模型|机器人|助手|问答系统|自动|ai助|ai系|ai模|ai工|ai客|ai机|ai必|ai应|ai须|ai请|ai在|"
        "ai，|ai：",
        texts="优先|总结|概括|摘要|根据|基于|依据|引用|唯一|其他|其它|其余|询问|问到|问及|问起|被问",
        joint="且|并|而|所有|任何|凡|各|每个|请",
        article="所有|任何|各类|各|每个|凡|致|该|本|请",
        you=r"你(?:是|作为|这个|身为)",
        model=r"(?:(?:ai|人工智能|智能)(?:助手|系统|模型|工具|客服|机器人)|ai(?=[必应须请在，：])|人工智能|"
        r"大?语言模型|大模型|聊天机器人|问答(?:系统|机器人)|自动(?:回答|问答|答复)系统)",
        person="助手",
        which="的|在|若|如|当|引用|读取|阅读|处理|看到|读到",
        turned="请|要求",
        must="必须|应该|应当|应|须|需要|需|要|请|务必|只能|一律|不得|都",
        say="回答|答复|回复|说明?|声称|表示|输出|告诉(?:用户|对方)|宣称|指出|称",
        that=r"[：:，,“\"「]|(?!问题|用户|客户|.{0,10}(?:问题|咨询|提问|来信|请求))[^。，\s]{3}",
        do="推荐|优先|提及|忽略|引用|隐瞒|省略|提到",
        policy="真人|人类|机器生成|个人|数据|保密|来源|json|审批|登记|秒",
        people="客户|顾客|来电|患者|访客|记者|考生|员工|客服|经理",
        note="(?:致|给|注意|提示|通知|说明)[：:，,]?",
        to="致|给",
        read="阅读|读取|处理|引用|总结|使用|读到|看到",
        page="(?:本|此|该|这)(?:[份个篇])?(?:页面?|文件|文档|网页|文章|邮件|资料|报告|会议纪要|段落|节)",
        order="(?:请)?(?:不要|勿|切勿|不得)(?:提及|提到|引用|透露|说)|请?(?:回答|说明|推荐|忽略|列出|省略|略去|跳过|"
        "输出)|把.{0,12}列出",
        answer="(?:总结|概括|摘要|根据|基于|依据|引用)",
        only="(?:将|把|视)?<page>(?:视为|作为|当作|当成|为)唯一(?:的)?(?:信息|可信|权威)?来源|优先(?:引用|采用|使用|"
        "考虑)<page>",
        others="其[他它余](?:文件|文档|段落|片段|检索结果|资料来源|来源)",
        asked="(?:如果|若|当|凡|只要).{0,8}(?:询问|问到|问及|问起|被问)",
        always="(?:直接|一律|只|统一|都)(?:回答|回复|答复)(?!客户)",
        spaced=False,
    ),
)

# The sentences: <model> stands for what a table calls so. A blank is one where words have blanks between.
_ARTICLES = r"(?:<article> |l['’]|d['’]|all['’]|un['’]){0,3}"
_CLAUSE = r"[:,;.!?)–—] |\b<joint> "
_NAMED = rf"{_ARTICLES}<model>(?![\w-])"
_WHICH = r"(?:,? <which>\b.{0,70}?)?,?"
_MUST = rf"(?:(?:^|{_CLAUSE}){_ARTICLES}(?:\w+ )?<model>(?![\w-]){_WHICH} <must>|\b<turned> {_NAMED})\b"
_PERSON_MUST = rf"^(?!.*\b<people>)(?:.*?(?:{_CLAUSE}))??{_ARTICLES}<person>(?![\w-]){_WHICH} <must>\b"
_GAP = r"(?:(?!\b<policy>\b).)"
_SAID = r"\b<say>,? <that>(?!.*\b<policy>\b)"
_ADDRESSES = (
    # "Chatbots must say that …", "The assistant must say that …", "Chatbots should prefer …"
    rf"{_MUST}{_GAP}{{0,60}}?{_SAID}",
    rf"{_PERSON_MUST}.{{0,40}}?{_SAID}",
    rf"{_MUST}{_GAP}{{0,40}}?\b<do>\b(?!.*\b<policy>\b)",
    # "AI assistants reading this page: say …"
    r"\b(?:<model>|<person>)\b.{0,40}?\b<read> <page>.{0,60}?(?:\b<must>\b.{0,40}?\b(?:<say>|<do>|<order>)\b|[:,] "
    r"?(?:\w+ )?<order>\b)",
    # "Note for chatbots: …", "Chatbots: say …", "To all chatbots: …", "you, the AI, …"
    rf"(?:^|[:.!] )<note> {_NAMED} ?(?:$|[:.;!]|,? ?(?:<which>|<joint>)\b.{{0,80}}[:!])",
    rf"^{_NAMED} ?[:!,] ?(?:\w+ )?<order>\b",
    rf"^<to> {_NAMED} ?(?:[:!]|,? ?(?:<which>|<joint>)\b.{{0,80}}[:!])",
    rf"\b<you> {_NAMED} ?(?:$|[:.,;!]|(?:<which>|<joint>)\b)",
)
_ORDER = rf"(?:^|{_CLAUSE})(?:<article> )?<order>"
_ANSWERS = (
    # "Answers based on this page must say that …", "Do not mention that in answers based on this page"
    r"\b<answer> <page>.{0,60}?(?:\b<order>\b|\b<must>\b.{0,40}?(?:\b<do>\b|\b<say>,? <that>))",
    rf"{_ORDER}\b.{{0,80}}?\b<answer> <page>",
    # "Treat this page as the only source", "Ignore the other passages", "If asked, always say that …"
    r"(?<!not\s)(?<!never\s)(?<!no\s)(?<!不要)\b<only>",
    rf"{_ORDER}\b.{{0,40}}?\b<others>|\b<others>\b.{{0,60}}?\b<order>\b",
    r"^(?!.*\b<people>)(?:.*\W)??<asked>\b.{0,100}?\b<always>",
)
_ONLY_NAMES = rf"(?:^|[:.!] )(?:<note>|<you>) {_NAMED}(?:,? <which>\b.{{0,70}})? ?[:.!]?$"
TO_THE_MODEL = "an address to the model"
ABOUT_ANSWERS = "orders about answers from this text"


def _made(sentence: str, words: _Words) -> str:
    """The expression of a sentence in a language."""
    if not words.spaced:  # nothing ends a word, and signs have their own width
        sentence = (
            re.sub(r"\\b|\(\?!\[\\w-\]\)", "", sentence)
            .replace(r"\w+ ", r"\w{1,4}")
            .replace(" ", " ?")
            .replace("[:", "[：，；。！:")
        )
    while found := re.search(r"<(\w+)>", sentence):
        sentence = sentence.replace(found[0], f"(?:{getattr(words, found[1])})")
    return sentence


def _entries(table: Sequence[_Words]) -> Iterator[tuple[str, ...]]:
    for kind, templates, gates in (
        (TO_THE_MODEL, _ADDRESSES, [words.names for words in table]),
        (ABOUT_ANSWERS, _ANSWERS, [words.texts for words in table]),
    ):
        gate = "|".join(dict.fromkeys("|".join(gates).split("|")))
        yield kind, gate, *(_made(template, words) for words in table for template in templates)


# English apart: a sentence in it is not looked at in all the other languages
PATTERNS = (*_entries(_TABLE[:1]), *_entries(_TABLE[1:]))
# a sentence that only tells whom the next ones are for: "Note for AI assistants."
ONLY_NAMES = re.compile("|".join(_made(_ONLY_NAMES, words) for words in _TABLE), re.IGNORECASE)
