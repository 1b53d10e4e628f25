enum QuestionnairesPlaceholder {}
