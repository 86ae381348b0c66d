"""The prompts of an invented clinic, in three languages and other voices: what the published figures are measured on, never tuned on."""

from __future__ import annotations

VOICES = {"en": "en-us+f3", "de": "de+m5", "fr": "fr+f2", "mul": "en-us+f3"}

_DEPARTMENTS = {
    "en": ("cardiology", "radiology", "the pharmacy", "billing"),
    "de": ("die Kardiologie", "die Radiologie", "die Apotheke", "die Verwaltung"),
    "fr": ("la cardiologie", "la radiologie", "la pharmacie", "la facturation"),
}
_KEYS = {"en": ("two", "four", "seven", "eight"), "de": ("zwei", "vier", "sieben", "acht"), "fr": ("deux", "quatre", "sept", "huit")}

PROMPTS: dict[str, dict[str, str]] = {
    "language": {"mul": "Press one for English. Drücken Sie zwei für Deutsch. Pour le français, tapez trois."},
    "greeting": {
        "en": "You have reached the Riverside clinic.",
        "de": "Sie sind mit der Klinik am Fluss verbunden.",
        "fr": "Vous êtes en communication avec la clinique du fleuve.",
    },
    "menu": {
        "en": "To make an appointment, press one. To change or cancel one, press two. For test results, press three.",
        "de": "Für einen neuen Termin drücken Sie die Eins. Um einen Termin zu ändern, die Zwei. Für Befunde die Drei.",
        "fr": "Pour prendre rendez-vous, tapez un. Pour modifier ou annuler, tapez deux. Pour vos résultats, tapez trois.",
    },
    "birth_date": {
        "en": "Enter your date of birth, two digits for the day, two for the month.",
        "de": "Geben Sie Ihr Geburtsdatum ein, zwei Ziffern für den Tag, zwei für den Monat.",
        "fr": "Saisissez votre date de naissance, deux chiffres pour le jour, deux pour le mois.",
    },
    "patient_number": {
        "en": "Please key in your patient number, then the star key.",
        "de": "Bitte geben Sie Ihre Patientennummer ein, dann die Sterntaste.",
        "fr": "Veuillez composer votre numéro de patient, puis la touche étoile.",
    },
    "policy_number": {
        "en": "Please key in your policy number, then the star key.",
        "de": "Bitte geben Sie Ihre Policennummer ein, dann die Sterntaste.",
        "fr": "Veuillez composer votre numéro de police, puis la touche étoile.",
    },
    "wrong_number": {
        "en": "We could not find that number.",
        "de": "Diese Nummer haben wir nicht gefunden.",
        "fr": "Ce numéro est introuvable.",
    },
    "too_slow": {
        "en": "We are sorry, no keys were pressed.",
        "de": "Leider wurde keine Taste gedrückt.",
        "fr": "Désolé, aucune touche n'a été pressée.",
    },
    "your_code": {"en": "Your code is", "de": "Ihr Code lautet", "fr": "Votre code est"},
    "appointment_morning": {
        "en": "Your appointment is on Thursday morning at a quarter past ten.",
        "de": "Ihr Termin ist am Donnerstag Vormittag um Viertel nach zehn.",
        "fr": "Votre rendez-vous est jeudi matin à dix heures et quart.",
    },
    "appointment_evening": {
        "en": "Your appointment is on Thursday evening at a quarter past ten.",
        "de": "Ihr Termin ist am Donnerstag Abend um Viertel nach zehn.",
        "fr": "Votre rendez-vous est jeudi soir à dix heures et quart.",
    },
    "waiting": {
        "en": "All lines are taken at the moment. You are in the queue, and the next free nurse will speak to you.",
        "de": "Zur Zeit sind alle Leitungen belegt. Sie sind in der Warteschleife, die nächste freie Schwester spricht mit Ihnen.",
        "fr": "Toutes nos lignes sont occupées. Vous êtes en attente, la prochaine infirmière libre vous répondra.",
    },
    "emergency": {
        "en": "If this is an emergency, hang up and dial the emergency number now.",
        "de": "Im Notfall legen Sie auf und wählen Sie jetzt den Notruf.",
        "fr": "En cas d'urgence, raccrochez et composez le numéro des secours.",
    },
    "transfer": {
        "en": "One moment, I am putting you through.",
        "de": "Einen Moment, ich verbinde Sie.",
        "fr": "Un instant, je vous mets en relation.",
    },
    "bye": {"en": "Get well soon.", "de": "Gute Besserung.", "fr": "Bon rétablissement."},
}
for _index in range(4):
    PROMPTS[f"department_{_index + 1}"] = {
        "en": f"For {_DEPARTMENTS['en'][_index]}, press {_KEYS['en'][_index]}.",
        "de": f"Für {_DEPARTMENTS['de'][_index]} drücken Sie die {_KEYS['de'][_index]}.",
        "fr": f"Pour {_DEPARTMENTS['fr'][_index]}, tapez {_KEYS['fr'][_index]}.",
    }
    PROMPTS[f"moved_department_{_index + 1}"] = {
        "en": f"For {_DEPARTMENTS['en'][_index]}, press {_KEYS['en'][(_index + 2) % 4]}.",
        "de": f"Für {_DEPARTMENTS['de'][_index]} drücken Sie die {_KEYS['de'][(_index + 2) % 4]}.",
        "fr": f"Pour {_DEPARTMENTS['fr'][_index]}, tapez {_KEYS['fr'][(_index + 2) % 4]}.",
    }

CHANGED: dict[tuple[str, str], str] = {
    ("menu", "en"): "To make an appointment, press one. To change or cancel one, press nine. For test results, press three.",
    ("birth_date", "en"): "Enter your date of birth, two digits for the day, four for the month.",
    ("waiting", "en"): "All lines are taken at the moment. You are in the queue, and the next free doctor will speak to you.",
    ("emergency", "de"): "Im Notfall legen Sie auf und wählen Sie sofort den Notruf.",
    ("patient_number", "de"): "Bitte geben Sie Ihre Telefonnummer ein, dann die Sterntaste.",
    (
        "waiting",
        "de",
    ): "Zur Zeit sind alle Leitungen gestört. Sie sind in der Warteschleife, die nächste freie Schwester spricht mit Ihnen.",
    ("menu", "fr"): "Pour prendre rendez-vous, tapez un. Pour modifier ou annuler, tapez six. Pour vos résultats, tapez trois.",
    ("appointment_morning", "fr"): "Votre rendez-vous est lundi matin à dix heures et quart.",
}

UNKNOWN: tuple[tuple[str, str], ...] = (
    ("en-us+f3", "The ferry to the island leaves at half past six from the old harbour."),
    ("en-us+m1", "Thanks for holding, my name is Peter, how may I help you this afternoon?"),
    ("de+m5", "Die Bibliothek schließt heute früher, bitte bringen Sie Ihre Bücher zum Ausgang."),
    ("de+f1", "Guten Tag, hier ist der Anschluss der Familie Berger, wir sind nicht zu Hause."),
    ("fr+f2", "Le spectacle commence dans cinq minutes, veuillez éteindre vos téléphones."),
    ("fr+m2", "Bonjour, vous êtes bien chez les Martin, laissez-nous un message après le bip."),
    ("it+f2", "Il treno regionale per Bologna è in partenza dal binario quattro."),
    ("pt+m3", "O elevador está avariado, por favor utilize as escadas do lado direito."),
)
