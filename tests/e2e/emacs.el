;; One visit to a Python file in Emacs, set up as docs/editors/emacs.md says.
;; What was seen goes to $LINEWISE_SEEN as JSON; a step that never comes about is an error.
(require 'cl-lib)
(require 'json)

(defun wait-for (what condition)
  (with-timeout (60 (error "Waited in vain for %s" what))
    (while (not (funcall condition)) (accept-process-output nil 0.05))))

(defun flagged () (cl-remove-if-not #'identity (flymake-diagnostics)))

(let (seen)
  (find-file (getenv "LINEWISE_FILE"))
  ;; What a command does at its end, and there are no commands in batch mode.
  (run-hooks 'post-command-hook)
  (wait-for "the answer to initialize" #'eglot-current-server)
  (flymake-start)
  (wait-for "diagnostics" #'flagged)
  (push (cons 'diagnostics (vconcat (mapcar #'flymake-diagnostic-text (flagged)))) seen)

  (goto-char (flymake-diagnostic-beg (car (flagged))))
  (let (hover)
    (wait-for "the hover"
              (lambda ()
                (unless hover
                  (eglot-hover-eldoc-function
                   (lambda (text &rest _) (setq hover (substring-no-properties text)))))
                hover))
    (push (cons 'hover hover) seen))

  (push (cons 'before (thing-at-point 'line t)) seen)
  (cl-letf ((last-nonmenu-event ?x) ; not by mouse, which would open a menu
            ((symbol-function 'completing-read)
             (lambda (_prompt actions &rest _)
               (push (cons 'actions (vconcat (mapcar #'car actions))) seen)
               "Linewise: ignore this line")))
    (call-interactively #'eglot-code-actions))
  (push (cons 'after (thing-at-point 'line t)) seen)

  (eglot-shutdown (eglot-current-server))
  (push (cons 'alive (if (eglot-current-server) t :json-false)) seen)
  (with-temp-file (getenv "LINEWISE_SEEN") (insert (json-encode seen))))
