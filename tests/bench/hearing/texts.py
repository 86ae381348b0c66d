"""The prompts of an invented bank, in English and Spanish, with near-duplicates on purpose."""

from __future__ import annotations

SERVICES = {
    "en": ("balances", "transfers", "lost cards", "loans", "opening hours"),
    "es": ("saldos", "transferencias", "tarjetas perdidas", "préstamos", "horarios"),
}
COUNTS = {"en": ("one", "two", "three", "four", "five"), "es": ("uno", "dos", "tres", "cuatro", "cinco")}

PROMPTS: dict[str, dict[str, str]] = {
    "choose_language": {"mul": "For English, press one. Para español, oprima dos."},
    "welcome": {"en": "Welcome to Harbor Bank.", "es": "Bienvenido a Banco del Puerto."},
    "welcome_back": {"en": "Welcome back to Harbor Bank.", "es": "Bienvenido de nuevo a Banco del Puerto."},
    "main_menu": {
        "en": "For balances, press one. For transfers, press two. For lost cards, press three. To hear this again, press nine.",
        "es": "Para saldos, oprima uno. Para transferencias, oprima dos. Para tarjetas perdidas, oprima tres. Para repetir, oprima nueve.",
    },
    "enter_account": {
        "en": "Please enter your account number, followed by the pound key.",
        "es": "Por favor, marque su número de cuenta, seguido de la tecla numeral.",
    },
    "enter_card": {
        "en": "Please enter your card number, followed by the pound key.",
        "es": "Por favor, marque su número de tarjeta, seguido de la tecla numeral.",
    },
    "enter_pin": {"en": "Please enter your four digit code.", "es": "Por favor, marque su clave de cuatro dígitos."},
    "enter_amount": {"en": "Please enter the amount in dollars.", "es": "Por favor, marque el monto en dólares."},
    "sorry_no_match": {"en": "Sorry, that is not a valid choice.", "es": "Lo siento, esa no es una opción válida."},
    "sorry_no_input": {"en": "Sorry, I did not hear anything.", "es": "Lo siento, no he escuchado nada."},
    "balance_is": {"en": "Your balance is", "es": "Su saldo es"},
    "dollars": {"en": "dollars", "es": "dólares"},
    "balance_low": {"en": "Your balance is below the limit.", "es": "Su saldo está por debajo del límite."},
    "hold": {"en": "Please hold while we connect you to an agent.", "es": "Por favor espere mientras le comunicamos con un agente."},
    "hold_long": {
        "en": "All our agents are busy. Please stay on the line and your call will be answered in the order received.",
        "es": "Todos nuestros agentes están ocupados. Permanezca en la línea y su llamada será atendida en el orden recibido.",
    },
    "closed": {
        "en": "Our offices are closed. Please call back on Monday between nine and five.",
        "es": "Nuestras oficinas están cerradas. Por favor llame el lunes entre las nueve y las cinco.",
    },
    "closed_holiday": {
        "en": "Our offices are closed. Please call back on Tuesday between nine and five.",
        "es": "Nuestras oficinas están cerradas. Por favor llame el martes entre las nueve y las cinco.",
    },
    "goodbye": {"en": "Thank you for calling. Goodbye.", "es": "Gracias por llamar. Adiós."},
    "thanks": {"en": "Thank you for calling.", "es": "Gracias por llamar."},
}
for _index in range(5):
    PROMPTS[f"choice_{_index + 1}"] = {
        "en": f"For {SERVICES['en'][_index]}, press {COUNTS['en'][_index]}.",
        "es": f"Para {SERVICES['es'][_index]}, oprima {COUNTS['es'][_index]}.",
    }
    PROMPTS[f"other_choice_{_index + 1}"] = {
        "en": f"For {SERVICES['en'][_index]}, press {COUNTS['en'][(_index + 1) % 5]}.",
        "es": f"Para {SERVICES['es'][_index]}, oprima {COUNTS['es'][(_index + 1) % 5]}.",
    }

CHANGED: dict[tuple[str, str], str] = {
    ("main_menu", "en"): (
        "For balances, press one. For transfers, press six. For lost cards, press three. To hear this again, press nine."
    ),
    ("hold_long", "en"): "All our agents are busy. Please stay on the phone and your call will be answered in the order received.",
    ("enter_account", "en"): "Please enter your member number, followed by the pound key.",
    ("closed", "en"): "Our offices are closed. Please call back on Friday between nine and five.",
    ("goodbye", "en"): "Thank you for waiting. Goodbye.",
    ("hold", "en"): "Please hold while we transfer you to an agent.",
}
"""Per recording: what is said instead, one word of it changed."""

UNKNOWN: tuple[tuple[str, str], ...] = (
    ("en", "The quick brown fox jumps over the lazy dog and runs away from the river."),
    ("en", "Your flight to Denver is delayed by two hours, we apologize for the wait."),
    ("en", "A table for six people at seven tonight, under the name of Anderson."),
    ("en", "This number is no longer in service. Check the listing and try again."),
    ("en", "Hello? Who is this? I think you have got the wrong extension."),
    ("es", "El tren con destino a Sevilla saldrá con retraso del andén número seis."),
    ("en", "Nobody is here right now, leave a note after the signal."),
    ("en", "We are updating our systems tonight and some things may not work."),
)
"""Voice and words."""
