"""The few fixed sentences that answers need, in the question's language as far as its function words tell.

Knows no document. English where the language is not in the table or cannot be told.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from storage.recollection import remembered

REMEMBERED = 4096  # texts whose language is: an answer's check asks for the same ones many times

_WORDS = {
    "de": "der die das und ist sind wie was wer wo wann warum wieviel welche welcher welches ein eine für mit nicht "
    "ich wir in im dem den von zu zum zur auf hat haben kann muss werden wird gibt unsere unser es bei viele viel "
    "darf dürfen soll brauche braucht brauchen habe bekomme bekommt sich mich mir mein meine meinen man sie er ihr "
    "einen einem einer ab an aus nach seit bis um über vor unter oder wenn wie sein war waren hoch lange "
    "welchen welchem",
    "fr": "le la les des est sont et qui que quoi quel quelle quels quelles où quand comment pourquoi combien un une "
    "du de en dans pour avec pas je nous il au aux sur ce cette y a-t-il peut",
    "es": "el la los las es son y quién qué cuál cuáles dónde cuándo cómo por cuánto cuántos cuántas un una de del en "
    "para con no se hay al su nuestra nuestro puede",
    "it": "il lo la gli le è sono e chi che cosa quale quali dove quando come perché quanto quanti un una del della "
    "in per con non si ci di nel",
    "pt": "o os a as é são e quem que qual quais onde quando como quanto quantos um uma de do da em no na para com não "
    "se há ao nossa nosso",
    "nl": "de het een is zijn en wie wat waar wanneer hoe waarom hoeveel welke in op van voor met niet ik wij er",
    "en": "the a an is are was were and who what where when why how many much which in of to for with not do does did "
    "i we can it on by at from that this",
}
_FUNCTION_WORDS = {language: frozenset(words.split()) for language, words in _WORDS.items()}
# Languages by their script, whatever Latin names stand between; Chinese last, as Japanese is written with its
# characters too. Then what does there what function words do: a sentence in another language may name something in it.
_SCRIPTS = (
    ("ja", re.compile("[\u3040-\u30ff]"), re.compile("[\u3041-\u309f]")),
    ("ko", re.compile("[\uac00-\ud7af]"), re.compile("[은는을를이가에의로도요까나지다](?![\uac00-\ud7af])")),
    (
        "zh",
        re.compile("[\u3400-\u4dbf\u4e00-\u9fff]"),
        re.compile("[的了吗嗎呢么麼什怎哪谁誰几幾如何是在有请請我您你]"),
    ),
)


@dataclass(frozen=True, kw_only=True)
class Phrases:
    """The fixed sentences in one language."""

    silent: str  # the documents do not say
    nearest: str  # introduces the passages that come nearest
    differ: str  # documents answer with different values
    newer: str  # marks the newer of two documents
    changed: str  # when its file was changed, of one that does not say when it is from
    also: str  # introduces what stands near the answer
    older: str  # introduces what only an older edition of a document says
    current: str  # introduces what the newer edition says, where an older one is closer to the question
    about: str  # asks what a document says about one of its sections
    topic: str  # asks about a section whose heading tells by itself what it is about
    nothing: str  # no document the person may read holds anything like it
    introduction: str  # what we are for, to whoever greets us or asks
    welcome: str  # to whoever thanks us
    vague: str  # the question names no subject
    asked: str  # introduces what the person asked before
    conversation: str  # what was said before is not repeated
    more: str  # the document's list is longer than what is quoted of it
    steps: str = ""  # asks about a section whose heading tells what to do, "Order a badge"; not in every language


_PHRASES = {
    "en": Phrases(
        silent="The documents do not say.",
        nearest="These passages come nearest:",
        differ="The documents differ on this:",
        newer="newer",
        changed="changed {when}",
        also="See also:",
        older="From an older edition ({when}):",
        current="From the newer edition ({when}):",
        about="What does {title} say about {section}?",
        topic="What should I know about {section}?",
        steps="How do I {section}?",
        nothing="No document that you may read says anything about this. Other words may find more; if a document is "
        "missing, ask whoever looks after the documents.",
        introduction="Hello. Ask me something that your documents may say, such as “How many days of leave do I "
        "have?”. I answer from the documents that you may read, and show where each answer stands.",
        welcome="You are welcome.",
        vague="What is your question about? Please name the subject, as in “How much is the daily allowance in "
        "Germany?”.",
        asked="Your last questions in this conversation, in their order:",
        conversation="I only look into the documents. What was said in this conversation stands above.",
        more="The source lists more.",
    ),
    "de": Phrases(
        silent="Dazu sagen die Dokumente nichts.",
        nearest="Diese Stellen kommen dem am nächsten:",
        differ="Die Dokumente sagen dazu Verschiedenes:",
        newer="neuer",
        changed="geändert am {when}",
        also="Siehe auch:",
        older="Aus einer älteren Fassung ({when}):",
        current="Aus der neueren Fassung ({when}):",
        about="Was steht in {title} zu {section}?",
        topic="Was sollte ich über {section} wissen?",
        nothing="Kein Dokument, das Sie lesen dürfen, sagt etwas dazu. Andere Worte finden vielleicht mehr; fehlt ein "
        "Dokument, wenden Sie sich an die Betreuer der Dokumente.",
        introduction="Guten Tag. Fragen Sie mich etwas, das in Ihren Dokumenten stehen kann, zum Beispiel „Wie viele "
        "Urlaubstage habe ich?“. Ich antworte aus den Dokumenten, die Sie lesen dürfen, und zeige, wo die Antwort "
        "steht.",
        welcome="Gern geschehen.",
        vague="Worum geht es in Ihrer Frage? Bitte nennen Sie den Gegenstand, etwa „Wie hoch ist das Tagegeld in "
        "Deutschland?“.",
        asked="Ihre letzten Fragen in diesem Gespräch, der Reihe nach:",
        conversation="Ich sehe nur in den Dokumenten nach. Was in diesem Gespräch gesagt wurde, steht weiter oben.",
        more="In der Quelle stehen weitere.",
    ),
    "fr": Phrases(
        silent="Les documents ne le disent pas.",
        nearest="Ces passages s'en approchent le plus :",
        differ="Les documents ne disent pas la même chose :",
        newer="plus récent",
        changed="modifié le {when}",
        also="Voir aussi :",
        older="D'une édition plus ancienne ({when}) :",
        current="De l'édition plus récente ({when}) :",
        about="Que dit {title} au sujet de {section} ?",
        topic="Que faut-il savoir sur {section} ?",
        nothing="Aucun document que vous pouvez lire n'en parle. D'autres mots trouveront peut-être davantage ; s'il "
        "manque un document, adressez-vous à la personne qui s'en occupe.",
        introduction="Bonjour. Posez-moi une question à laquelle vos documents peuvent répondre, par exemple « "
        "Combien de jours de congé ai-je ? ». Je réponds à partir des documents que vous pouvez lire et je montre où "
        "se trouve la réponse.",
        welcome="Je vous en prie.",
        vague="Sur quoi porte votre question ? Précisez le sujet, par exemple « Quel est le montant de l'indemnité "
        "journalière ? ».",
        asked="Vos dernières questions dans cette conversation, dans l'ordre :",
        conversation="Je ne consulte que les documents. Ce qui a été dit dans cette conversation se trouve plus haut.",
        more="La source en énumère d'autres.",
    ),
    "es": Phrases(
        silent="Los documentos no lo dicen.",
        nearest="Estos pasajes son los más cercanos:",
        differ="Los documentos no coinciden:",
        newer="más reciente",
        changed="modificado el {when}",
        also="Véase también:",
        older="De una edición anterior ({when}):",
        current="De la edición más reciente ({when}):",
        about="¿Qué dice {title} sobre {section}?",
        topic="¿Qué debo saber sobre {section}?",
        nothing="Ningún documento que usted puede leer dice nada al respecto. Quizá otras palabras encuentren más; si "
        "falta un documento, pregunte a quien los administra.",
        introduction="Hola. Pregúnteme algo que puedan decir sus documentos, por ejemplo «¿Cuántos días de vacaciones "
        "tengo?». Respondo a partir de los documentos que usted puede leer y muestro dónde está la respuesta.",
        welcome="De nada.",
        vague="¿Sobre qué es su pregunta? Indique el tema, por ejemplo «¿Cuánto es la dieta diaria?».",
        asked="Sus últimas preguntas en esta conversación, por orden:",
        conversation="Solo consulto los documentos. Lo que se dijo en esta conversación está más arriba.",
        more="La fuente enumera más.",
    ),
    "it": Phrases(
        silent="I documenti non lo dicono.",
        nearest="Questi passaggi si avvicinano di più:",
        differ="I documenti non concordano:",
        newer="più recente",
        changed="modificato il {when}",
        also="Vedi anche:",
        older="Da un'edizione precedente ({when}):",
        current="Dall'edizione più recente ({when}):",
        about="Che cosa dice {title} su {section}?",
        topic="Che cosa devo sapere su {section}?",
        nothing="Nessun documento che può leggere ne parla. Altre parole potrebbero trovare di più; se manca un "
        "documento, si rivolga a chi li gestisce.",
        introduction="Buongiorno. Mi chieda qualcosa che i suoi documenti possono dire, per esempio «Quanti giorni di "
        "ferie ho?». Rispondo in base ai documenti che può leggere e mostro dove si trova la risposta.",
        welcome="Prego.",
        vague="Di che cosa parla la domanda? Indichi l'argomento, per esempio «A quanto ammonta la diaria?».",
        asked="Le sue ultime domande in questa conversazione, in ordine:",
        conversation="Consulto solo i documenti. Ciò che è stato detto in questa conversazione si trova più in alto.",
        more="La fonte ne elenca altri.",
    ),
    "pt": Phrases(
        silent="Os documentos não o dizem.",
        nearest="Estas passagens são as mais próximas:",
        differ="Os documentos não coincidem:",
        newer="mais recente",
        changed="alterado em {when}",
        also="Veja também:",
        older="De uma edição anterior ({when}):",
        current="Da edição mais recente ({when}):",
        about="O que diz {title} sobre {section}?",
        topic="O que devo saber sobre {section}?",
        nothing="Nenhum documento que pode ler fala disto. Outras palavras talvez encontrem mais; se falta um "
        "documento, pergunte a quem os administra.",
        introduction="Olá. Pergunte-me algo que os seus documentos possam dizer, por exemplo «Quantos dias de férias "
        "tenho?». Respondo com base nos documentos que pode ler e mostro onde está a resposta.",
        welcome="De nada.",
        vague="Sobre o que é a sua pergunta? Indique o assunto, por exemplo «Qual é o valor da ajuda de custo "
        "diária?».",
        asked="As suas últimas perguntas nesta conversa, por ordem:",
        conversation="Consulto apenas os documentos. O que foi dito nesta conversa está mais acima.",
        more="A fonte enumera mais.",
    ),
    "nl": Phrases(
        silent="De documenten zeggen dat niet.",
        nearest="Deze passages komen het dichtst in de buurt:",
        differ="De documenten spreken elkaar tegen:",
        newer="nieuwer",
        changed="gewijzigd op {when}",
        also="Zie ook:",
        older="Uit een oudere versie ({when}):",
        current="Uit de nieuwere versie ({when}):",
        about="Wat zegt {title} over {section}?",
        topic="Wat moet ik weten over {section}?",
        nothing="Geen document dat u mag lezen zegt hier iets over. Andere woorden vinden misschien meer; ontbreekt "
        "een document, vraag het aan wie de documenten beheert.",
        introduction="Goedendag. Vraag me iets wat uw documenten kunnen zeggen, bijvoorbeeld “Hoeveel vakantiedagen "
        "heb ik?”. Ik antwoord op basis van de documenten die u mag lezen en laat zien waar het antwoord staat.",
        welcome="Graag gedaan.",
        vague="Waar gaat uw vraag over? Noem het onderwerp, bijvoorbeeld “Hoe hoog is de dagvergoeding?”.",
        asked="Uw laatste vragen in dit gesprek, op volgorde:",
        conversation="Ik kijk alleen in de documenten. Wat in dit gesprek is gezegd, staat hierboven.",
        more="De bron noemt er meer.",
    ),
    "zh": Phrases(
        silent="文档中没有相关说明。",
        nearest="以下段落最为接近：",
        differ="各文档的说法不一致：",
        newer="较新",
        changed="{when} 修改",
        also="另请参阅：",
        older="出自较早的版本（{when}）：",
        current="出自较新的版本（{when}）：",
        about="《{title}》对“{section}”有哪些说明？",
        topic="关于{section}，我应该了解什么？",
        nothing="您可以阅读的文档中没有相关内容。请尝试换一种说法；如果缺少文档，请联系文档管理员。",
        introduction="您好。请提出您的文档可能回答的问题，例如“我有几天年假？”。我根据您可以阅读的文档回答，并指出答案的出处。",
        welcome="不客气。",
        vague="您想问什么？请说明主题，例如“出差每天的补贴是多少？”。",
        asked="您在本次对话中最近的提问，依次为：",
        conversation="我只查阅文档。本次对话中说过的内容在上方。",
        more="原文还列有更多内容。",
    ),
    "ja": Phrases(
        silent="文書には記載がありません。",
        nearest="最も近い箇所：",
        differ="文書によって内容が異なります：",
        newer="より新しい",
        changed="{when} 更新",
        also="関連する箇所：",
        older="以前の版（{when}）より：",
        current="新しい版（{when}）より：",
        about="「{title}」の「{section}」には何と書いてありますか？",
        topic="{section}について知っておくべきことは何ですか？",
        nothing="閲覧できる文書に該当する内容はありません。別の言葉でお試しください。文書が足りない場合は、管理者にお問い合わせください。",
        introduction="こんにちは。文書に書かれていそうなことを質問してください（例：「有給休暇は何日ありますか？」）。閲覧できる文書に基づいて答え、答えの場所を示します。",
        welcome="どういたしまして。",
        vague="何についてのご質問ですか。「出張の日当はいくらですか？」のように、対象を書いてください。",
        asked="この会話での最近のご質問（順に）：",
        conversation="調べるのは文書だけです。この会話で述べた内容は上にあります。",
        more="出典にはほかの項目もあります。",
    ),
    "ko": Phrases(
        silent="문서에 나와 있지 않습니다.",
        nearest="가장 가까운 구절:",
        differ="문서마다 내용이 다릅니다:",
        newer="최신",
        changed="{when} 수정",
        also="관련 구절:",
        older="이전 판({when})에서:",
        current="최신 판({when})에서:",
        about="“{title}”에는 “{section}”에 대해 무엇이 나와 있습니까?",
        topic="{section}에 대해 알아야 할 것은 무엇입니까?",
        nothing="읽을 수 있는 문서에 관련 내용이 없습니다. 다른 말로 물어보시고, "
        "문서가 없다면 담당자에게 문의하십시오.",
        introduction="안녕하세요. “휴가가 며칠 있나요?”처럼 문서에 있을 만한 내용을 물어보십시오. "
        "읽을 수 있는 문서를 바탕으로 답하고 출처를 보여 드립니다.",
        welcome="천만에요.",
        vague="무엇에 대한 질문입니까? “출장 일당은 얼마입니까?”처럼 주제를 밝혀 주십시오.",
        asked="이 대화에서 최근에 하신 질문(순서대로):",
        conversation="문서만 찾아봅니다. 이 대화에서 나눈 내용은 위에 있습니다.",
        more="출처에 더 많은 항목이 있습니다.",
    ),
}


_SECTION_ASKED = tuple(
    re.compile(
        re.escape(form).replace(r"\{title\}", "(?P<title>.+?)").replace(r"\{section\}", "(?P<section>.+)"),
        re.IGNORECASE,
    )
    for said in _PHRASES.values()
    for form in (said.about, said.topic, said.steps)
    if form
)
_QUOTES = "“”„\"'«»‹› "
_NUMBERING = re.compile(r"^(?:§\s*)?[\d.]+[.)]?\s+|^[一二三四五六七八九十]+、")


_PICTURES = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf\u2b00-\u2bff\ufe0f\u200d\u20e3]+")


def section_name(heading: str) -> str:
    """A heading without number and colon, and without pictures, which not every screen has a glyph for."""
    return " ".join(_PICTURES.sub(" ", _NUMBERING.sub("", heading)).split()).rstrip(" :：")


def names_section(question: str, title: str, heading: str) -> bool:
    """Whether a question is one that we offer (`about`, `topic`, `steps`) for this section of this document, or its
    heading."""
    asked, name = question.strip(), section_name(heading).casefold()
    if not name or asked.casefold() == name:
        return bool(name) and name.endswith(("?", "？"))
    for pattern in _SECTION_ASKED:
        found = pattern.fullmatch(asked)
        if found and found["section"].strip(_QUOTES).casefold() == name:
            named = found.groupdict().get("title")
            return named is None or named.strip(_QUOTES).casefold() == title.casefold()
    return False


@remembered(REMEMBERED)
def language_of(question: str) -> str:
    """A two-letter code that `phrases` knows; "en" when in doubt."""
    words = re.findall(r"[^\W\d_][\w’'-]*", question.casefold())
    counts = {language: sum(word in known for word in words) for language, known in _FUNCTION_WORDS.items()}
    best = max(counts, key=lambda language: (counts[language], language == "en"))
    for language, script, function_signs in _SCRIPTS:
        if signs := len(script.findall(question)):
            most = signs * 3 > len(question)
            return language if most or len(function_signs.findall(question)) >= counts[best] else best
    return best


def function_words(question: str) -> frozenset[str]:
    """The function words of a question's language, as far as the table knows them."""
    return _FUNCTION_WORDS.get(language_of(question), frozenset())


def idle_words(language: str) -> frozenset[str]:
    """The function words of a language; of English none, whose stop words are known everywhere."""
    return frozenset() if language == "en" else _FUNCTION_WORDS.get(language, frozenset())


def phrases(question: str) -> Phrases:
    """The fixed sentences in the question's language."""
    return _PHRASES[language_of(question)]


def in_language(language: str) -> Phrases:
    """The fixed sentences in a language of the table."""
    return _PHRASES[language]
