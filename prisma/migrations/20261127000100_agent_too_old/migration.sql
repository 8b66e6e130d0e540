-- What the hub itself has found is no agent's to clear: that an agent is too old to be asked for an object, too.
drop policy verdict_of_the_hub on object_condition;
create policy verdict_of_the_hub on object_condition as restrictive for delete to meshfleet_app
  using (reason not in ('ObjectClaimedByOtherPolicy', 'RenderFailed', 'AgentTooOld') or current_setting('app.compiling', true) = 'on');
