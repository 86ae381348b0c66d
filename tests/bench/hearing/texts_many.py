"""More than 300 prompts in seven languages, most of them near-duplicates of others: a large library, in two halves.

Both halves say the same kinds of things. `tuning` and `final` differ in voices, services, days and things asked for, and in a
word of every sentence: nothing is chosen on the second.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Language:
    """What is said in one language. Lists of ten are in the same order in all languages."""

    voices: tuple[str, str]
    choice: str
    services: tuple[str, ...]
    numbers: tuple[str, ...]
    enter: str
    things: tuple[str, ...]
    closed: str
    days: tuple[str, ...]
    sentences: tuple[str, ...]


LANGUAGES: Final[dict[str, Language]] = {
    "en": Language(
        ("en-us", "en-gb-scotland+f2"),
        "For {}, press {}.",
        ("orders", "returns", "payments", "repairs", "new contracts", "deliveries", "complaints", "invoices", "upgrades", "moving house"),
        ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "zero"),
        "Please enter your {}, followed by the pound key.",
        ("customer number", "order number", "contract number", "telephone number", "post code", "meter reading"),
        "We are closed today. Please call again on {} after nine.",
        ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"),
        (
            "Welcome to Northern {}.",
            "Thank you for calling Northern {}. Goodbye.",
            "All our {} are busy. Please stay on the line.",
            "Your {} has been cancelled.",
            "Your {} could not be found.",
            "One moment please, we are looking for your {}.",
            "This call may be recorded to improve our {}.",
            "The {} will be delivered tomorrow between eight and twelve.",
        ),
    ),
    "es": Language(
        ("es", "es-419+f3"),
        "Para {}, oprima {}.",
        ("pedidos", "devoluciones", "pagos", "averías", "nuevos contratos", "envíos", "quejas", "facturas", "mejoras", "mudanzas"),
        ("uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve", "cero"),
        "Por favor, marque su {}, seguido de la tecla numeral.",
        ("número de cliente", "número de pedido", "número de contrato", "número de teléfono", "código postal", "consumo"),
        "Hoy estamos cerrados. Por favor llame el {} después de las nueve.",
        ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado"),
        (
            "Bienvenido a {} del Norte.",
            "Gracias por llamar a {} del Norte. Adiós.",
            "Todas nuestras {} están ocupadas. Permanezca en la línea.",
            "Su {} ha sido cancelado.",
            "No encontramos su {}.",
            "Un momento por favor, estamos buscando su {}.",
            "Esta llamada puede ser grabada para mejorar {}.",
            "Mañana entre las ocho y las doce recibirá {}.",
        ),
    ),
    "de": Language(
        ("de", "de+f3"),
        "Für {} drücken Sie die {}.",
        (
            "Bestellungen",
            "Rücksendungen",
            "Zahlungen",
            "Reparaturen",
            "neue Verträge",
            "Lieferungen",
            "Beschwerden",
            "Rechnungen",
            "Tarife",
            "Umzüge",
        ),
        ("eins", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun", "null"),
        "Bitte geben Sie Ihre {} ein, dann die Rautetaste.",
        ("Kundennummer", "Bestellnummer", "Vertragsnummer", "Telefonnummer", "Postleitzahl", "Zählernummer"),
        "Heute haben wir geschlossen. Bitte rufen Sie am {} nach neun Uhr wieder an.",
        ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag"),
        (
            "Willkommen bei Nordlicht {}.",
            "Vielen Dank für Ihren Anruf bei Nordlicht {}. Auf Wiederhören.",
            "Zur Zeit sind alle {} belegt. Bitte bleiben Sie am Apparat.",
            "Ihr {} wurde gelöscht.",
            "Ihr {} wurde nicht gefunden.",
            "Einen Moment bitte, wir suchen Ihren {}.",
            "Dieses Gespräch kann aufgezeichnet werden, um {} zu verbessern.",
            "Morgen zwischen acht und zwölf Uhr kommt {}.",
        ),
    ),
    "fr": Language(
        ("fr", "fr+f4"),
        "Pour {}, tapez {}.",
        (
            "les commandes",
            "les retours",
            "les paiements",
            "les réparations",
            "un contrat",
            "les livraisons",
            "les plaintes",
            "les factures",
            "les options",
            "déménager",
        ),
        ("un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "zéro"),
        "Veuillez saisir votre {}, puis la touche dièse.",
        ("numéro de client", "numéro de commande", "numéro de contrat", "numéro de téléphone", "code postal", "relevé"),
        "Nous sommes fermés aujourd'hui. Veuillez rappeler {} après neuf heures.",
        ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi"),
        (
            "Bienvenue chez {} du Nord.",
            "Merci d'avoir appelé {} du Nord. Au revoir.",
            "Toutes nos {} sont occupées. Veuillez patienter.",
            "Votre {} a été annulé.",
            "Votre {} est introuvable.",
            "Un instant, nous recherchons votre {}.",
            "Cet appel peut être enregistré pour améliorer {}.",
            "Demain entre huit heures et midi vous recevrez {}.",
        ),
    ),
    "it": Language(
        ("it", "it+f1"),
        "Per {}, premere {}.",
        (
            "gli ordini",
            "i resi",
            "i pagamenti",
            "le riparazioni",
            "nuovi contratti",
            "le consegne",
            "i reclami",
            "le fatture",
            "le tariffe",
            "il trasloco",
        ),
        ("uno", "due", "tre", "quattro", "cinque", "sei", "sette", "otto", "nove", "zero"),
        "Inserire il {}, seguito dal tasto cancelletto.",
        ("codice cliente", "numero d'ordine", "numero di contratto", "numero di telefono", "codice postale", "consumo"),
        "Oggi siamo chiusi. Richiamare {} dopo le nove.",
        ("lunedì", "martedì", "mercoledì", "giovedì", "venerdì", "sabato"),
        (
            "Benvenuti a {} del Nord.",
            "Grazie per aver chiamato {} del Nord. Arrivederci.",
            "Tutte le {} sono occupate. Restare in linea.",
            "Il suo {} è stato annullato.",
            "Il suo {} non è stato trovato.",
            "Un momento prego, stiamo cercando il suo {}.",
            "Questa chiamata può essere registrata per migliorare {}.",
            "Domani tra le otto e le dodici arriverà {}.",
        ),
    ),
    "pt": Language(
        ("pt-br", "pt+f2"),
        "Para {}, tecle {}.",
        (
            "pedidos",
            "devoluções",
            "pagamentos",
            "consertos",
            "novos contratos",
            "entregas",
            "reclamações",
            "faturas",
            "tarifas",
            "mudanças",
        ),
        ("um", "dois", "três", "quatro", "cinco", "seis", "sete", "oito", "nove", "zero"),
        "Por favor, digite o seu {}, seguido da tecla sustenido.",
        ("número de cliente", "número do pedido", "número do contrato", "número de telefone", "código postal", "consumo"),
        "Hoje estamos fechados. Por favor ligue {} depois das nove.",
        ("segunda-feira", "terça-feira", "quarta-feira", "quinta-feira", "sexta-feira", "sábado"),
        (
            "Bem-vindo à {} do Norte.",
            "Obrigado por ligar para {} do Norte. Até logo.",
            "Todas as nossas {} estão ocupadas. Aguarde na linha.",
            "O seu {} foi cancelado.",
            "O seu {} não foi encontrado.",
            "Um momento por favor, estamos procurando o seu {}.",
            "Esta ligação pode ser gravada para melhorar {}.",
            "Amanhã entre oito e doze horas chegará {}.",
        ),
    ),
    "nl": Language(
        ("nl", "nl+f2"),
        "Voor {}, toets {}.",
        (
            "bestellingen",
            "retouren",
            "betalingen",
            "reparaties",
            "nieuwe contracten",
            "bezorging",
            "klachten",
            "facturen",
            "tarieven",
            "verhuizen",
        ),
        ("een", "twee", "drie", "vier", "vijf", "zes", "zeven", "acht", "negen", "nul"),
        "Voer uw {} in, gevolgd door een hekje.",
        ("klantnummer", "bestelnummer", "contractnummer", "telefoonnummer", "postcode", "meterstand"),
        "Wij zijn vandaag gesloten. Belt u {} na negen uur terug.",
        ("maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag"),
        (
            "Welkom bij {} Noord.",
            "Bedankt voor het bellen met {} Noord. Tot ziens.",
            "Al onze {} zijn in gesprek. Blijft u aan de lijn.",
            "Uw {} is geannuleerd.",
            "Uw {} is niet gevonden.",
            "Een ogenblik, wij zoeken uw {}.",
            "Dit gesprek kan worden opgenomen om {} te verbeteren.",
            "Morgen tussen acht en twaalf uur komt {}.",
        ),
    ),
}
