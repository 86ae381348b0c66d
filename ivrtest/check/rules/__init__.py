"""All rules, in the order in which they are listed. A new rule is one file here and one line below."""

from __future__ import annotations

from ivrtest.check.rule import Rule
from ivrtest.check.rules.announced_key_unhandled import AnnouncedKeyUnhandled
from ivrtest.check.rules.announced_order import AnnouncedOrder
from ivrtest.check.rules.barge_in_off_on_long_menu import BargeInOffOnLongMenu
from ivrtest.check.rules.card_verification_stored import CardVerificationStored
from ivrtest.check.rules.clipped_recording import ClippedRecording
from ivrtest.check.rules.closed_without_alternative import ClosedWithoutAlternative
from ivrtest.check.rules.collect_terminator_missing import CollectTerminatorMissing
from ivrtest.check.rules.contradictory_branch import ContradictoryBranch
from ivrtest.check.rules.dead_end import DeadEnd
from ivrtest.check.rules.double_ask import DoubleAsk
from ivrtest.check.rules.dst_gap import DstGap
from ivrtest.check.rules.endless_wait import EndlessWait
from ivrtest.check.rules.entry_length_unlike_words import EntryLengthUnlikeWords
from ivrtest.check.rules.entry_never_valid import EntryNeverValid
from ivrtest.check.rules.error_blames_caller import ErrorBlamesCaller
from ivrtest.check.rules.external_transfer_unannounced import ExternalTransferUnannounced
from ivrtest.check.rules.flow_file_outside_root import FlowFileOutsideRoot
from ivrtest.check.rules.handled_key_unannounced import HandledKeyUnannounced
from ivrtest.check.rules.holiday_past import HolidayPast
from ivrtest.check.rules.holidays_run_out import HolidaysRunOut
from ivrtest.check.rules.hours_gap import HoursGap
from ivrtest.check.rules.hours_overlap import HoursOverlap
from ivrtest.check.rules.indistinguishable_prompts import IndistinguishablePrompts
from ivrtest.check.rules.key_announced_twice import KeyAnnouncedTwice
from ivrtest.check.rules.key_conflict import KeyConflict
from ivrtest.check.rules.key_lost_while_spoken import KeyLostWhileSpoken
from ivrtest.check.rules.language_cycle import LanguageCycle
from ivrtest.check.rules.language_offered_in_another import LanguageOfferedInAnother
from ivrtest.check.rules.language_option_no_effect import LanguageOptionNoEffect
from ivrtest.check.rules.menu_too_deep import MenuTooDeep
from ivrtest.check.rules.menu_too_long import MenuTooLong
from ivrtest.check.rules.missing_outcome import MissingOutcome
from ivrtest.check.rules.missing_recording import MissingRecording
from ivrtest.check.rules.mixed_languages import MixedLanguages
from ivrtest.check.rules.no_repeat import NoRepeat
from ivrtest.check.rules.no_way_back_to_language_choice import NoWayBackToLanguageChoice
from ivrtest.check.rules.no_way_to_a_human import NoWayToAHuman
from ivrtest.check.rules.no_zero_out import NoZeroOut
from ivrtest.check.rules.nobody_answers import NobodyAnswers
from ivrtest.check.rules.premium_or_malformed_number import PremiumOrMalformedNumber
from ivrtest.check.rules.prompt_not_in_language import PromptNotInLanguage
from ivrtest.check.rules.prompt_too_long import PromptTooLong
from ivrtest.check.rules.read_before_set import ReadBeforeSet
from ivrtest.check.rules.recording_unlike_its_words import RecordingUnlikeItsWords
from ivrtest.check.rules.recursive_call_flow import RecursiveCallFlow
from ivrtest.check.rules.reserved_key_misuse import ReservedKeyMisuse
from ivrtest.check.rules.secret_not_marked import SecretNotMarked
from ivrtest.check.rules.secret_spoken_back import SecretSpokenBack
from ivrtest.check.rules.self_loop_key import SelfLoopKey
from ivrtest.check.rules.shadowed_branch import ShadowedBranch
from ivrtest.check.rules.silence_too_long import SilenceTooLong
from ivrtest.check.rules.silent_drop import SilentDrop
from ivrtest.check.rules.silent_recording import SilentRecording
from ivrtest.check.rules.survey_before_resolution import SurveyBeforeResolution
from ivrtest.check.rules.time_zone_missing import TimeZoneMissing
from ivrtest.check.rules.timeout_shorter_than_prompt import TimeoutShorterThanPrompt
from ivrtest.check.rules.too_few_or_many_attempts import TooFewOrManyAttempts
from ivrtest.check.rules.too_little_time import TooLittleTime
from ivrtest.check.rules.transfer_to_itself import TransferToItself
from ivrtest.check.rules.trap_loop import TrapLoop
from ivrtest.check.rules.unbounded_retry import UnboundedRetry
from ivrtest.check.rules.unknown_flow import UnknownFlow
from ivrtest.check.rules.unknown_language import UnknownLanguage
from ivrtest.check.rules.unknown_prompt import UnknownPrompt
from ivrtest.check.rules.unknown_target import UnknownTarget
from ivrtest.check.rules.unreachable_node import UnreachableNode
from ivrtest.check.rules.unused_prompt import UnusedPrompt
from ivrtest.check.rules.unused_variable import UnusedVariable

ALL: tuple[type[Rule], ...] = (
    UnknownTarget,
    UnknownFlow,
    UnknownPrompt,
    UnknownLanguage,
    UnreachableNode,
    DeadEnd,
    MissingOutcome,
    TrapLoop,
    UnboundedRetry,
    SelfLoopKey,
    LanguageOptionNoEffect,
    LanguageCycle,
    LanguageOfferedInAnother,
    NoWayBackToLanguageChoice,
    PromptNotInLanguage,
    MixedLanguages,
    AnnouncedKeyUnhandled,
    HandledKeyUnannounced,
    AnnouncedOrder,
    KeyAnnouncedTwice,
    KeyLostWhileSpoken,
    KeyConflict,
    CollectTerminatorMissing,
    EntryNeverValid,
    EntryLengthUnlikeWords,
    ReservedKeyMisuse,
    ContradictoryBranch,
    ShadowedBranch,
    ReadBeforeSet,
    UnusedVariable,
    RecursiveCallFlow,
    SilentDrop,
    ExternalTransferUnannounced,
    TimeoutShorterThanPrompt,
    SecretNotMarked,
    SecretSpokenBack,
    CardVerificationStored,
    PremiumOrMalformedNumber,
    TransferToItself,
    FlowFileOutsideRoot,
    NoWayToAHuman,
    NobodyAnswers,
    MenuTooLong,
    PromptTooLong,
    MenuTooDeep,
    NoZeroOut,
    NoRepeat,
    TooFewOrManyAttempts,
    TooLittleTime,
    EndlessWait,
    SilenceTooLong,
    BargeInOffOnLongMenu,
    DoubleAsk,
    ErrorBlamesCaller,
    SurveyBeforeResolution,
    TimeZoneMissing,
    HolidaysRunOut,
    HolidayPast,
    HoursOverlap,
    HoursGap,
    DstGap,
    ClosedWithoutAlternative,
    UnusedPrompt,
    MissingRecording,
    SilentRecording,
    ClippedRecording,
    RecordingUnlikeItsWords,
    IndistinguishablePrompts,
)
