"""What each part of the console shows and how to read it, in the operator's words: by the part's id, else its class.

A widget that has a text of its own says so in its class variable HELP, which goes before what stands here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class About:
    """A part's name, and what it is in a few sentences."""

    name: str
    text: str


# By the id of the widget: what one of several of its kind shows here.
BY_ID: Mapping[str, About] = {
    "jobs-title": About(
        "Heading of the list",
        "Which jobs these are, the objective metric by which they are ranked and whether less or more of it is better, "
        "and how many of how many have completed. ✦ in the list is a job that has just become the best. Jobs on "
        "synthetic data say so: their errors compare with no others.",
    ),
    "summary": About(
        "The job under the cursor",
        "What made its model: data, artefact, image, metrics, hyperparameters, and where it is deployed.",
    ),
    "endpoints-title": About(
        "Totals",
        "How many endpoints there are, how many instances serve, and what they cost an hour together.",
    ),
    "headline": About(
        "Heading of the endpoint",
        "Its status and for how long, the instances that serve and, behind the arrow, those that are asked for, the "
        "bounds of automatic scaling, and the cost per hour now and when they have come.",
    ),
    "why-text": About(
        "Why",
        "In one sentence why the endpoint scales, or does not, from the figures of the charts: load, target, alarm, "
        "cooldown. It also tells what comes next, and when.",
    ),
    "per-instance": About(
        "Invocations per instance and minute",
        "Bars are the load that each instance gets, the dotted line is the target. Bars above the line for three "
        "minutes raise the alarm that adds instances; below nine tenths of it for fifteen, one that removes them.",
    ),
    "invocations": About(
        "Invocations a minute",
        "All requests that the endpoint got, a bar for each minute. CloudWatch is a minute or two late: an empty right "
        "edge is no idleness.",
    ),
    "instances": About(
        "Instances",
        "The solid steps are the instances that serve, the broken ones those that are asked for. Where they are apart, "
        "instances are coming or going.",
    ),
    "latency": About(
        "Latency",
        "How long the model takes, in milliseconds: half of all requests are faster than p50, 99 of 100 than p99.",
    ),
    "errors": About(
        "Errors a minute",
        "4xx: requests that could not be understood. 5xx: answers that failed. mod: errors of the model itself.",
    ),
    "utilization": About(
        "CPU and memory",
        "In per cent of one instance; above 100 with several processors in use. It may be empty: AWS sends it late.",
    ),
    "lanes": About(
        "Alarms and scaling",
        "A lane for each alarm: the strip is filled while it is in ALARM, and a glyph where it changed. Below, ▲ and ▼ "
        "are scaling out and in, – is where it could have scaled and did not, ✕ where it failed.",
    ),
    "view": About(
        "Window",
        "Which stretch of time all charts show. They share one axis: what stands above each other happened together.",
    ),
    "plan-head": About("What it is about", "The intention, and the cost per hour before and after."),
    "plan-stops": About(
        "What stands in the way",
        "✕ forbids the plan until it is remedied, ⚠ is to be known before saying yes, ✓ was checked and is well.",
    ),
    "findings": About(
        "What was found",
        "What deployments left behind, and endpoints that nobody calls: − goes, · stays, with the reason beside it.",
    ),
    "plan-calls": About("Calls", "The exact calls to AWS with their parameters, as --dry-run prints them."),
    "steps": About(
        "Steps",
        "● is done and was read back, ◐ runs, ○ is to come, ✕ failed. Each step is in the journal before it is sent: "
        "whatever happens to this program, the operation can be resumed or rolled back.",
    ),
    "expected": About("What to expect", "What this load does to the number of instances, from target and bounds."),
    "rmse": About(
        "RMSE",
        "The root mean square error over the rows so far, in flight cycles: how far the predictions of the remaining "
        "useful life are off, large errors counting more.",
    ),
    "setting-about": About(
        "The setting", "What it does, what is set in the file where something else is in force, and what it takes."
    ),
    "error-policy": About("IAM policy", "The statement that would allow what was denied, to be given to whoever may."),
}

# By the name of the class, the nearest first.
BY_CLASS: Mapping[str, About] = {
    "VirtualTable": About(
        "List",
        "Only the rows that the filter lets through, in the order of the column with the arrow. ▌ is the cursor, ✓ "
        "a mark, ★ the best. Space marks the row and goes on to the next. Columns that have no room stand behind ›: "
        "→ shows them. Enter opens the row; a click goes to it, and a second one opens it.",
    ),
    "FilterBar": About(
        "Filter",
        "What is typed narrows the list down at once: words, !word, status:failed, rmse<46. Enter goes back to the "
        "list, Escape takes the filter away. Page 2 of this help has the whole language.",
    ),
    "FindBar": About(
        "Find",
        "What is typed is looked for in the text, or narrows its lines down. Enter goes back to the text, Escape takes "
        "away what was typed.",
    ),
    "TextView": About(
        "Text",
        "It scrolls both ways: a line that ends in › goes on, and → shows more of it. What is looked for is marked.",
    ),
    "ObjectivePlot": About(
        "Objective by job",
        "A dot is a job, from the first on the left to the last: how good its model is. The line is the best so far. "
        "Where it no longer falls, more jobs find nothing better. ◆ is the job under the cursor; ▴ and ▾ at the edge "
        "are jobs far above and below what the scale shows.",
    ),
    "ActivityList": About(
        "Scaling activities",
        "What Application Auto Scaling did, newest first: when, to how many instances, which alarm or who was the "
        "cause, and the reason where it did not scale.",
    ),
    "AlarmPanel": About(
        "Alarms",
        "CloudWatch's alarms of the scaling policy: their state, and how many of the last minutes were beyond the "
        "threshold of how many that are needed.",
    ),
    "VariantTable": About(
        "Variants",
        "A production variant is a model on instances of one type; its weight is its share of the requests. The "
        "cooldowns count down until it may scale out or in again.",
    ),
    "RolloutPanel": About(
        "Roll-out",
        "A new fleet takes over: how far it is, which alarms would give the old one its traffic back, and until when.",
    ),
    "PlanView": About(
        "Plan",
        "Every step in its order, and what undoes it. This is what is carried out, call by call, and nothing else is.",
    ),
    "Choices": About(
        "Choices",
        "← and → go from one to the next, an underlined letter goes to its button, Enter presses the one in focus. In "
        "what changes AWS or costs money, that is one that does nothing at first.",
    ),
    "OnOff": About("Switch", "Space turns it, and so does Enter."),
    "Select": About("Choice", "Enter opens it, ↑ and ↓ choose, Enter takes it."),
    "Input": About(
        "Text field", "What is wrong with the value is said beside it, and nothing is sent before it is right."
    ),
    "Fold": About("More fields", "What few need. Enter opens it."),
    "TopBar": About(
        "First line",
        "Whose AWS this is: profile or sandbox, region, account, role; READ-ONLY and PRODUCTION where it is so. Then "
        "the region's time, and on the right how old what you see is: ● live, ‖ paused, ▲ stale, ✕ not read.",
    ),
    "AreaBar": About("Areas", "The number is the key. Each area keeps its place."),
    "BannerLines": About(
        "Banner",
        "Why AWS does not answer, what to do, and when it is tried again. What was read before stays, with its age.",
    ),
    "KeyBar": About(
        "Last line",
        "The keys of this screen; what is dim cannot be done now, and pressing it says why. On the right the calls to "
        "AWS in the last minute, the budget that the console keeps to by itself, and what they cost a day.",
    ),
    "TourCard": About("Tour", "The five steps of the journey: ● is done, ◐ is on. It ticks itself off."),
    "HintLine": About("Keys", "What can be done here."),
}

# By the key of a form's field.
FIELDS: Mapping[str, str] = {
    "name": "What the endpoint is called from then on. Letters, digits and hyphens, at most 63; it cannot be changed.",
    "job": "The training job whose model it gets: its name, or best.",
    "instance-type": "The kind of machine, such as ml.m5.xlarge: its price per hour is in the heading.",
    "instances": "How many machines to begin with. One does not survive the loss of its availability zone.",
    "autoscaling": "Whether instances are added and removed by load.",
    "minimum": "Never fewer instances than this, however little there is to do.",
    "maximum": "Never more than this, however much there is: it bounds the cost.",
    "target": "Invocations per instance and minute that automatic scaling aims at.",
    "in": "Seconds after scaling in before it may scale in again.",
    "out": "Seconds after scaling out before it may scale out again.",
    "scale-in": "Off: instances are only added, never removed.",
    "high-resolution": "Metrics every ten seconds in place of every minute: it scales earlier.",
    "rate": "Invocations a minute, each with 100 rows.",
    "duration": "How long, in the region's time: 90s, 9m, 1h.",
    "strategy": "All at once, or bit by bit with alarms watching.",
    "typed": "The name, letter by letter: what cannot be undone is not done by a reflex.",
    "format": "Tables go as CSV or JSON with every row of the filter, screens as SVG or text.",
    "file": "Where it goes. Nothing is overwritten without asking.",
    "days": "Endpoints without a call for so many days are idle.",
    "everything": "Also what others made, not only this console.",
    "idle": "Also endpoints that nobody has called.",
    "keep-former": "What served before stays; otherwise what the console made of it goes when all is done.",
    "keep-models": "The models stay, and can be deployed again.",
    "keep-logs": "The logs of its containers stay.",
}

# By the name of the screen's class: what it is for.
SCREENS: Mapping[str, str] = {
    "JobsScreen": "The training jobs of this region, best first: find the best, see what made it, deploy it.",
    "JobDetailScreen": "Everything about one training job: metrics, hyperparameters, times, and where its model is.",
    "JobComparisonScreen": "Two training jobs side by side: what differs between them, and how much that was worth.",
    "EndpointsScreen": "The endpoints of this region at a glance: load, latency, errors, instances, cost. Open one to "
    "watch it scale; clean up what is left behind.",
    "EndpointScreen": "One endpoint over one axis of time: its load, its instances, and why it scales or does not. "
    "From here it is loaded, measured, changed and deleted.",
    "OperationsScreen": "Every change of AWS that was begun on this machine, newest first. What is open can be "
    "resumed, or rolled back. Traffic and validations change nothing: they are on their endpoint's screen.",
    "OperationScreen": "One operation, step by step. Leaving the screen stops nothing.",
    "ErrorsScreen": "Every call to AWS that failed, with the request id for AWS's support, and what to do about it.",
    "ErrorDetailScreen": "One call that failed: what was asked, what came back, and what would allow or mend it.",
    "SettingsScreen": "What is set, where it is set, and what can be: theme, keys, budget of calls, protected names. A "
    "change is kept in the configuration file.",
    "DeployScreen": "The plan that puts a model into production. Nothing happens before Deploy is pressed.",
    "UpdateScreen": "The plan that gives an endpoint another model, type or number of instances.",
    "ScaleScreen": "The plan that sets the bounds and the target of automatic scaling.",
    "HighAvailabilityScreen": "The plan that lets an endpoint survive the loss of two availability zones.",
    "StopRolloutScreen": "The plan that gives the old fleet its traffic back.",
    "DeleteScreen": "The plan that takes an endpoint down, and all that belongs to it, in the right order.",
    "CleanUpScreen": "What deployments left behind and still costs or confuses, and the plan that removes it.",
    "TrafficScreen": "Invocations at a steady rate, to see an endpoint scale. They go on when the screen is left.",
    "ValidateScreen": "How well an endpoint predicts: the C-MAPSS test set goes to it, and its answers are compared "
    "with the truth.",
    "LogsScreen": "What the containers wrote, newest last.",
    "DescribeScreen": "What AWS answers when it is asked, as JSON or YAML.",
    "EventsScreen": "What happened, call by call.",
    "ExportScreen": "Writes the table, or the screen as it was, to a file of yours. Export has the focus at first; "
    "where there is such a file already, Cancel gets it, and Overwrite is asked for.",
    "ConfirmScreen": "A question before something is done. Cancel has the focus at first.",
    "Picker": "Finds by parts of words, in any order; Enter does what the cursor is on.",
}
